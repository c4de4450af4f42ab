"""Does an exported engine score as its bundle does? Measured on the same real slices."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.export_spec import ExportSpec, Precision
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.parity import Parity
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    sample_ranking,
    sample_ratios,
    summarize,
)
from tumorscope.estimation.metrics import RatioTerms, rank_slices
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.inference.predictor import Scores

DECISION, MAP, AUROC = "decision_change", "map_correlation", "auroc_change"
NO_LABELS = "the slices lack one of the two labels"
FLAT_MAPS = "no slice has two maps that vary"
NO_PATIENTS = "no patients are known for these slices"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSlices:
    """The slices that two engines scored, and what is known of them.

    Attributes:
        described: Which slices, in words.
        label: Shape (slices,), int64, 1 tumor, 0 none, -1 unknown.
        group: Shape (slices,), patient or group; None where none is known.
        site: Shape (slices,), may be missing; None as for `group`.
        grouping: What a group is.
    """

    described: str
    label: NDArray[np.int64]
    group: pd.Series | None = None
    site: pd.Series | None = None
    grouping: Grouping = "patient"


def measure_parity(
    reference: Scores,
    engine: Scores,
    slices: ComparedSlices,
    spec: ExportSpec,
    *,
    threshold_probability: float,
) -> Parity:
    """Compare an engine's scores with those of torch.

    Args:
        reference: Scores of torch in 32 bit.
        engine: Scores of the engine, of the same slices in the same order.
        slices: What is known of them.
        spec: Tolerance, waiver, draws and level.
        threshold_probability: Operating threshold of the bundle.

    Returns:
        The comparison, with what is beyond the tolerance.

    Raises:
        DataError: If the scores are of different slices, or there is none.
    """
    if not len(slices.label) == len(reference.logit) == len(engine.logit) > 0:
        raise DataError(
            f"parity needs the same slices: {len(slices.label)} slices, "
            f"{len(reference.logit)} and {len(engine.logit)} scores"
        )
    above = [
        one.tumor_probability > threshold_probability for one in (reference, engine)
    ]
    changed = above[0] != above[1]
    correlation = map_correlations(reference.class_map, engine.class_map)
    draws = _draw(slices, spec)
    areas, figures = (math.nan, math.nan), _unknown(spec)
    if draws is not None:
        torch_area = _areas(slices.label, reference, draws)
        engine_area = _areas(slices.label, engine, draws)
        areas = (float(torch_area[0]), float(engine_area[0]))
        change = MetricSamples(
            name=AUROC,
            values=engine_area - torch_area,
            entered=slices.label >= 0,
            reason=NO_LABELS,
        )
        ratios = _ratios(changed, correlation, draws)
        figures = summarize([*ratios, change], draws)
    difference = np.abs(engine.tumor_probability - reference.tumor_probability)
    maps = np.abs(engine.class_map - reference.class_map)
    known = correlation[~np.isnan(correlation)]
    measured = Parity(
        engine=spec.name,
        compared_on=slices.described,
        slices=len(difference),
        largest_probability_difference=float(difference.max()),
        p99_probability_difference=float(np.quantile(difference, 0.99)),
        largest_map_difference=float(maps.max()),
        lowest_map_correlation=float(known.min()) if known.size else math.nan,
        threshold_probability=threshold_probability,
        changed_decisions=int(changed.sum()),
        reference_auroc=areas[0],
        engine_auroc=areas[1],
        figures=figures,
        tolerance=spec.tolerance,
        breaches=(),
        waiver=spec.waiver,
    )
    return replace(measured, breaches=find_breaches(measured, spec.precision))


def map_correlations(
    reference: NDArray[np.float32], engine: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of the two maps of each slice.

    Args:
        reference: Shape (slices, h, w).
        engine: Same shape.

    Returns:
        Shape (slices,), in [-1, 1]; NaN where one of the maps is flat.
    """
    ranks = [
        rankdata(one.reshape(len(one), -1), axis=1) for one in (reference, engine)
    ]  # (slices, cells)
    centered = [one - one.mean(axis=1, keepdims=True) for one in ranks]
    scale = np.sqrt((centered[0] ** 2).sum(axis=1) * (centered[1] ** 2).sum(axis=1))
    product = (centered[0] * centered[1]).sum(axis=1)
    return np.divide(product, scale, out=np.full(len(scale), np.nan), where=scale > 0)


def _draw(slices: ComparedSlices, spec: ExportSpec) -> PatientDraws | None:
    if slices.group is None or slices.site is None:
        return None
    drawing = EvaluateSpec(
        bootstrap_draws=spec.bootstrap_draws, level=spec.level, seed=spec.seed
    )
    return draw_patients(slices.group, slices.site, drawing, grouping=slices.grouping)


def _ratios(
    changed: NDArray[np.bool_],
    correlation: NDArray[np.float64],
    draws: PatientDraws,
) -> list[MetricSamples]:
    known = ~np.isnan(correlation)
    terms = RatioTerms(
        names=(DECISION, MAP),
        numerator=np.stack([changed, np.nan_to_num(correlation)], axis=1),
        denominator=np.stack([np.ones(len(known)), known], axis=1),
    )
    reasons = {DECISION: "no slices", MAP: FLAT_MAPS}
    return sample_ratios(terms, draws, reasons=reasons, shares=[DECISION])


def _areas(
    label: NDArray[np.int64], scores: Scores, draws: PatientDraws
) -> NDArray[np.float64]:
    """Return the AUROC on the set and on every draw, shape (1 + draws,)."""
    strata = np.where(label < 0, -1, 0)
    ranking = rank_slices(label, scores.tumor_probability, strata)
    return sample_ranking(ranking, draws)[0]


def _unknown(spec: ExportSpec) -> MetricSet:
    estimates = tuple(
        MetricEstimate(
            name=name,
            value=math.nan,
            low=math.nan,
            high=math.nan,
            level=spec.level,
            n_slices=0,
            n_patients=0,
            resampled="nothing",
            reason=NO_PATIENTS,
        )
        for name in (DECISION, MAP, AUROC)
    )
    return MetricSet(estimates=estimates, draws_left_out=(0, 0, 0))


def find_breaches(parity: Parity, precision: Precision) -> tuple[str, ...]:
    """Say what is beyond the tolerance.

    Args:
        parity: The measured differences.
        precision: fp32 is held to its probabilities, the others to decisions and AUROC.

    Returns:
        One sentence for each breach. A figure that cannot be assessed is one, too:
        nothing shows that it is within.
    """
    allowed = parity.tolerance
    if precision == "fp32":
        largest = parity.largest_probability_difference
        is_close = largest <= allowed.probability_difference
        words = (
            f"tumor_probability differs by {largest:.2g}; "
            f"{allowed.probability_difference:g} is allowed"
        )
        return () if is_close else (words,)
    found = []
    share = parity.changed_decisions / parity.slices
    if share > allowed.decision_change:
        found.append(
            f"{parity.changed_decisions} of {parity.slices} decisions change "
            f"({share:.2%}); {allowed.decision_change:.2%} is allowed"
        )
    change = parity.engine_auroc - parity.reference_auroc
    if math.isnan(change):
        reason = parity.figures[AUROC].reason
        found.append(f"the change of the AUROC cannot be assessed: {reason}")
    elif abs(change) > allowed.auroc_change:
        found.append(
            f"the AUROC changes by {change:+.4f}; {allowed.auroc_change:g} is allowed"
        )
    return tuple(found)
