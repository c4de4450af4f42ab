"""What the report of a single split holds beside the family of figures, for a protocol.

Each figure is computed on the pooled slices of one repeat and averaged over the repeats
inside every draw, as the family is. Every repeat has its own t95.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    sample_ranking,
    sample_ratios,
    summarize,
)
from tumorscope.estimation.metrics import (
    RatioTerms,
    probability_terms,
    rank_slices,
    threshold_terms,
)
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.calibration_error import calibration_bin
from tumorscope.evaluation.curves import ECE_BINS
from tumorscope.evaluation.decision_curve import DecisionCurve
from tumorscope.evaluation.decisions import (
    Decision,
    ranked_decision,
    sample_above,
    tuned_decision,
)
from tumorscope.evaluation.evaluated import labels_of, scores_of
from tumorscope.evaluation.measurement import (
    FIXED_THRESHOLD,
    ONE_CLASS,
    THRESHOLD_REASONS,
)
from tumorscope.evaluation.protocol_benefit import average_benefit
from tumorscope.evaluation.protocol_calibration import ProtocolScale, average_scales
from tumorscope.evaluation.protocol_patients import ProtocolPatients, average_patients
from tumorscope.evaluation.repeats import average_samples
from tumorscope.evaluation.size_strata import (
    LesionSizeTable,
    SizeStratum,
    measure_size_strata,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolDetail:
    """Figures beside the family, averaged over repeats.

    Attributes:
        ranking: average_precision and log_loss.
        at_half: accuracy, precision, recall, f1, specificity, npv at 0.5.
        at_tuned: The same at the threshold that each fold fixed on its tuning part.
        t95: For each repeat, the 0.95 quantile of its tumor-free slices.
        at_ranked: Sensitivity and specificity at each repeat's t95.
        patients: Hits and false positives by patient: at t95, then at the tuned threshold.
        by_lesion_size: Sensitivity by the size of the lesion, at t95 and tuned.
        scales: tumor_probability and, where calibration changed it, the raw score.
        tumor_shares: Share of tumor slices in each of 15 equal bins of tumor_probability.
        decision_curve: Net benefit of the model and of what it is compared with.
    """

    ranking: MetricSet
    at_half: MetricSet
    at_tuned: MetricSet
    t95: tuple[float, ...]
    at_ranked: MetricSet
    patients: tuple[ProtocolPatients, ...]
    by_lesion_size: LesionSizeTable
    scales: tuple[ProtocolScale, ...]
    tumor_shares: MetricSet
    decision_curve: DecisionCurve


def measure_detail(
    tables: Sequence[pd.DataFrame],
    draws: PatientDraws,
    spec: EvaluateSpec,
    areas_px: NDArray[np.float64] | None,
) -> ProtocolDetail:
    """Average what the report of a single split holds.

    Args:
        tables: Aligned repeats.
        draws: Draws of their patients, used for all of them.
        spec: Seed of the null.
        areas_px: Shape (slices,), lesion area in pixels at 256 x 256 in the order of the
            tables, NaN where unknown; None where no mask was read.
    """
    ranked = [
        ranked_decision(labels_of(table), scores_of(table), draws) for table in tables
    ]
    tuned = [tuned_decision(table, draws) for table in tables]

    def average(
        sample: Callable[[pd.DataFrame, PatientDraws], list[MetricSamples]],
    ) -> MetricSet:
        return summarize(
            average_samples([sample(table, draws) for table in tables]), draws
        )

    return ProtocolDetail(
        ranking=average(_sample_ranking),
        at_half=average(_sample_at_half),
        at_tuned=average(_sample_at_tuned),
        t95=tuple(float(each.cuts[0]) for each in ranked),
        at_ranked=_average_ranked(tables, ranked, draws),
        patients=tuple(
            average_patients(tables, each, draws) for each in (ranked, tuned)
        ),
        by_lesion_size=_average_sizes(tables[0], areas_px, (ranked, tuned), draws),
        scales=average_scales(tables, draws, spec),
        tumor_shares=average(_sample_tumor_shares),
        decision_curve=average_benefit(tables, draws),
    )


def _sample_ranking(table: pd.DataFrame, draws: PatientDraws) -> list[MetricSamples]:
    labels, scores = labels_of(table), scores_of(table)
    _, precision = sample_ranking(rank_slices(labels, scores), draws)
    terms = probability_terms(labels, scores)
    losses = sample_ratios(
        terms, draws, reasons=dict.fromkeys(terms.names, "no slices")
    )
    return [
        MetricSamples(
            name="average_precision",
            values=precision,
            entered=np.ones(len(table), dtype=bool),
            reason=ONE_CLASS,
            is_share=True,
        ),
        losses[terms.names.index("log_loss")],
    ]


def _sample_at_half(table: pd.DataFrame, draws: PatientDraws) -> list[MetricSamples]:
    return _sample_thresholds(table, draws, scores_of(table) > FIXED_THRESHOLD)


def _sample_at_tuned(table: pd.DataFrame, draws: PatientDraws) -> list[MetricSamples]:
    decision = tuned_decision(table, draws)
    samples = _sample_thresholds(table, draws, decision.margins > 0)
    if not decision.reason:
        return samples
    blank = np.full(len(draws.counts), np.nan)
    return [replace(each, values=blank, reason=decision.reason) for each in samples]


def _sample_thresholds(
    table: pd.DataFrame, draws: PatientDraws, above: NDArray[np.bool_]
) -> list[MetricSamples]:
    return sample_ratios(
        threshold_terms(labels_of(table), above),
        draws,
        reasons=THRESHOLD_REASONS,
        shares=tuple(THRESHOLD_REASONS),
    )


def _sample_tumor_shares(
    table: pd.DataFrame, draws: PatientDraws
) -> list[MetricSamples]:
    inside = calibration_bin(scores_of(table))[:, None] == np.arange(ECE_BINS)
    names = tuple(f"tumor_share_bin_{number:02d}" for number in range(1, ECE_BINS + 1))
    terms = RatioTerms(
        names=names,
        numerator=inside * labels_of(table)[:, None].astype(np.float64),
        denominator=inside.astype(np.float64),
    )
    reasons = dict.fromkeys(names, "no slice in this bin in one repeat at least")
    return sample_ratios(terms, draws, reasons=reasons, shares=names)


def _average_ranked(
    tables: Sequence[pd.DataFrame], decisions: Sequence[Decision], draws: PatientDraws
) -> MetricSet:
    tumor = labels_of(tables[0]) == 1
    sensitivity = _average_above(
        decisions, tumor, draws, name="sensitivity_at_95_specificity"
    )
    alarms = _average_above(decisions, ~tumor, draws, name="specificity_at_t95")
    specificity = replace(alarms, values=1 - alarms.values)
    return summarize([sensitivity, specificity], draws)


def _average_above(
    decisions: Sequence[Decision],
    entered: NDArray[np.bool_],
    draws: PatientDraws,
    *,
    name: str,
) -> MetricSamples:
    """Average over repeats the share of some slices that are above the cut."""
    return average_samples(
        [
            [
                MetricSamples(
                    name=name,
                    values=sample_above(decision, entered, draws),
                    entered=entered,
                    reason=decision.reason or "no slice enters",
                    is_share=True,
                )
            ]
            for decision in decisions
        ]
    )[0]


def _average_sizes(
    table: pd.DataFrame,
    areas_px: NDArray[np.float64] | None,
    decisions: tuple[Sequence[Decision], Sequence[Decision]],
    draws: PatientDraws,
) -> LesionSizeTable:
    first = measure_size_strata(
        labels_of(table), areas_px, [each[0] for each in decisions], draws
    )
    if areas_px is None or first.reason:
        return first
    tumor = labels_of(table) == 1

    def average(each: SizeStratum, place: int) -> MetricEstimate:
        inside = tumor & (areas_px > each.low_px) & (areas_px <= each.high_px)
        before = (each.ranked, each.tuned)[place]
        if before.reason:
            return before
        samples = _average_above(decisions[place], inside, draws, name=before.name)
        return summarize([samples], draws)[before.name]

    strata = tuple(
        replace(each, ranked=average(each, 0), tuned=average(each, 1))
        for each in first.strata
    )
    return replace(first, strata=strata)
