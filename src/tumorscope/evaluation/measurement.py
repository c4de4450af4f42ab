"""Every figure of one set of scored slices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.grouping import Grouping
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    MetricSet,
    sample_ranking,
    sample_ratios,
    summarize,
    unassessed,
)
from tumorscope.estimation.metrics import (
    probability_terms,
    rank_slices,
    threshold_terms,
    within_patient_terms,
)
from tumorscope.estimation.positions import boundary_slices, position_strata
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.curves import (
    ConfusionMatrix,
    count_confusion,
)
from tumorscope.evaluation.evaluated import labels_of, scores_of

FIXED_THRESHOLD = 0.5
ONE_CLASS = "slices of both classes are needed"
THRESHOLD_REASONS = {
    "accuracy": "no slices",
    "precision": "no slice is above the threshold",
    "recall": "no tumor slice",
    "f1": "no tumor slice, and none above the threshold",
    "specificity": "no tumor-free slice",
    "npv": "every slice is above the threshold",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Figures of the decision "tumor_probability is above the threshold".

    Attributes:
        name: "fixed" (0.5) or "tuned".
        rule: Where the threshold comes from, in words for the report.
        thresholds: Fold and threshold probability; one pair for each distinct one.
            Empty where the threshold is not known.
        metrics: accuracy, precision, recall (sensitivity), f1, specificity, npv.
        confusion: Counts of slices, or None where the threshold is not known.
    """

    name: str
    rule: str
    thresholds: tuple[tuple[str, float], ...]
    metrics: MetricSet
    confusion: ConfusionMatrix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """One fold or one site.

    Attributes:
        name: Name of the fold or site.
        n_slices: Its slices.
        n_tumor_slices: Its slices that have tumour by the reference standard.
        n_patients: Its patients (or groups).
        ranking: As `EvaluationReport.ranking`, of these slices.
        at_half: As `EvaluationReport.at_half`.
        at_tuned: As `EvaluationReport.at_tuned`.
    """

    name: str
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    ranking: MetricSet
    at_half: OperatingPoint
    at_tuned: OperatingPoint


def measure_ranking(table: pd.DataFrame, draws: PatientDraws) -> MetricSet:
    """Estimate the figures that need no threshold.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.

    Returns:
        auroc, average_precision, within_patient_auroc, position_matched_auroc,
        auroc_without_boundary, brier, log_loss.
    """
    labels, scores = labels_of(table), scores_of(table)
    area, precision = sample_ranking(rank_slices(labels, scores), draws)
    every = np.ones(len(table), dtype=bool)
    samples = [
        _samples("auroc", area, every),
        _samples("average_precision", precision, every),
        _within_patient(table, draws),
        _position_matched(table, draws),
        _without_boundary(table, draws),
        *sample_ratios(
            probability_terms(labels, scores),
            draws,
            reasons={"brier": "no slices", "log_loss": "no slices"},
            shares=("brier",),
        ),
    ]
    return summarize(samples, draws)


def measure_fixed(table: pd.DataFrame, draws: PatientDraws) -> OperatingPoint:
    """Estimate the figures at the threshold 0.5.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.

    Returns:
        The operating point named "fixed".
    """
    thresholds = pd.Series(FIXED_THRESHOLD, index=table.index)
    return _operating_point(
        table,
        thresholds,
        draws,
        name="fixed",
        rule=f"tumor_probability above {FIXED_THRESHOLD:g}",
    )


def measure_tuned(table: pd.DataFrame, draws: PatientDraws) -> OperatingPoint:
    """Estimate the figures at the threshold that each row's fold has fixed.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.

    Returns:
        The operating point named "tuned"; its figures carry a reason if a row has no
        threshold.
    """
    rule = "tumor_probability above the threshold that each fold's tuning part fixed"
    return _operating_point(
        table, table["threshold_probability"], draws, name="tuned", rule=rule
    )


def measure_subgroups(
    table: pd.DataFrame, column: str, spec: EvaluateSpec, *, grouping: Grouping
) -> tuple[Subgroup, ...]:
    """Estimate all figures for each fold or each site apart.

    Args:
        table: Rows of `Predictions.table` with a label each.
        column: "fold" or "site"; rows without a value enter no subgroup.
        spec: Draws, level and seed.
        grouping: What the bootstrap draws.

    Returns:
        One for each value of the column, in alphabetical order.
    """
    subgroups = []
    for name in sorted(table[column].dropna().unique()):
        rows = table[table[column] == name]
        draws = draw_patients(rows["group"], rows["site"], spec, grouping=grouping)
        subgroups.append(
            Subgroup(
                name=str(name),
                n_slices=len(rows),
                n_tumor_slices=int(labels_of(rows).sum()),
                n_patients=draws.n_patients,
                ranking=measure_ranking(rows, draws),
                at_half=measure_fixed(rows, draws),
                at_tuned=measure_tuned(rows, draws),
            )
        )
    return tuple(subgroups)


def is_above(
    table: pd.DataFrame, thresholds: pd.Series | NDArray[np.float64] | float
) -> NDArray[np.bool_]:
    """Return whether each row's probability is strictly above its threshold."""
    return (table["tumor_probability"] > thresholds).to_numpy(dtype=bool)


def _operating_point(
    table: pd.DataFrame,
    thresholds: pd.Series,
    draws: PatientDraws,
    *,
    name: str,
    rule: str,
) -> OperatingPoint:
    labels, above = labels_of(table), is_above(table, thresholds)
    unknown = int(thresholds.isna().sum())
    samples = sample_ratios(
        threshold_terms(labels, above),
        draws,
        reasons=THRESHOLD_REASONS,
        shares=tuple(THRESHOLD_REASONS),
    )
    if unknown:
        reason = f"{unknown} of {len(table)} slices have no threshold"
        samples = [unassessed(each.name, draws, reason) for each in samples]
    pairs = pd.DataFrame({"fold": table["fold"].fillna(""), "threshold": thresholds})
    pairs = pairs.dropna().drop_duplicates().sort_values(["fold", "threshold"])
    return OperatingPoint(
        name=name,
        rule=rule,
        thresholds=tuple(zip(pairs["fold"], pairs["threshold"], strict=True)),
        metrics=summarize(samples, draws),
        confusion=None if unknown else count_confusion(labels, above),
    )


def _within_patient(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "within_patient_auroc"
    if table["patient_id"].isna().any():
        return unassessed(name, draws, "no `patient_id`")
    terms = within_patient_terms(
        labels_of(table), scores_of(table), table["patient_id"]
    )
    reason = "no patient with slices of both classes"
    return sample_ratios(terms, draws, reasons={name: reason}, shares=(name,))[0]


def _position_matched(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "position_matched_auroc"
    if table[["slice_index", "slice_count"]].isna().any(axis=None):
        return unassessed(name, draws, "no `slice_index` and `slice_count`")
    labels = labels_of(table)
    strata = position_strata(labels, table["slice_index"], table["slice_count"])
    values, _ = sample_ranking(rank_slices(labels, scores_of(table), strata), draws)
    samples = _samples(name, values, strata >= 0)
    return replace(
        samples, reason="no height of the head has more than 5 slices of each class"
    )


def _without_boundary(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "auroc_without_boundary"
    place = table[["patient_id", "slice_index"]]
    if place.isna().any(axis=None):
        return unassessed(name, draws, "no `patient_id` and `slice_index`")
    if place.duplicated().any():
        reason = "a `slice_index` repeats within a patient: neighbors are unclear"
        return unassessed(name, draws, reason)
    labels = labels_of(table)
    boundary = boundary_slices(labels, table["patient_id"], table["slice_index"])
    strata = np.where(boundary, -1, 0)
    values, _ = sample_ranking(rank_slices(labels, scores_of(table), strata), draws)
    return _samples(name, values, ~boundary)


def _samples(
    name: str, values: NDArray[np.float64], entered: NDArray[np.bool_]
) -> MetricSamples:
    return MetricSamples(
        name=name, values=values, entered=entered, reason=ONE_CLASS, is_share=True
    )
