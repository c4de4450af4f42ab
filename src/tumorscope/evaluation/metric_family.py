"""The pre-listed figures that protocols average and that comparisons test.

The list is fixed before any model is seen: a comparison that may pick its figure finds
one. Each figure is computed on the set as it is and on every draw of patients, so that
repeats can be averaged, and models compared, inside each draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.estimation.bootstrap import (
    MetricSamples,
    sample_ranking,
    sample_ratios,
    unassessed,
)
from tumorscope.estimation.metrics import (
    RatioTerms,
    probability_terms,
    rank_slices,
    ratios,
    threshold_terms,
    within_patient_terms,
)
from tumorscope.estimation.positions import boundary_slices, position_strata
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.calibration_error import calibration_bin
from tumorscope.evaluation.curves import ECE_BINS
from tumorscope.evaluation.decisions import ranked_decision, sample_above
from tumorscope.evaluation.evaluated import labels_of, scores_of

ONE_CLASS = "slices of both classes are needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureWords:
    """The words for one figure.

    Attributes:
        label: Name on the page.
        short: Name in a figure or above a narrow column, at most 22 characters.
        definition: What is computed, in one sentence.
        rises: Whether a larger value is the wanted one.
    """

    label: str
    short: str
    definition: str
    rises: bool = True


FAMILY: MappingProxyType[str, FigureWords] = MappingProxyType(
    {
        "auroc": FigureWords(
            label="AUROC",
            short="AUROC",
            definition="All pairs of a tumor and a tumor-free slice; ties count half.",
        ),
        "position_matched_auroc": FigureWords(
            label="AUROC, position-matched",
            short="AUROC, matched",
            definition="Only slices of like height in the head are paired.",
        ),
        "within_patient_auroc": FigureWords(
            label="AUROC, mean within patient",
            short="AUROC, within patient",
            definition="AUROC of each patient's own slices, averaged over patients.",
        ),
        "auroc_without_boundary": FigureWords(
            label="AUROC, without boundary slices",
            short="AUROC, no boundary",
            definition="Slices whose neighbor has the other label are left out.",
        ),
        "sensitivity_at_95_specificity": FigureWords(
            label="Sensitivity at 95 % specificity",
            short="sensitivity, at 95 %",
            definition=(
                "Share of tumor slices above t95, the 0.95 quantile of the pooled scores "
                "of the tumor-free test slices. It sums up the ranking and is no "
                "operating point; t95 is found anew in each draw."
            ),
        ),
        "sensitivity": FigureWords(
            label="Sensitivity at the tuned threshold",
            short="sensitivity, tuned",
            definition=(
                "Share of tumor slices above the threshold that the slice's fold fixed "
                "on its tuning part."
            ),
        ),
        "specificity": FigureWords(
            label="Specificity at the tuned threshold",
            short="specificity, tuned",
            definition="Share of tumor-free slices not above that threshold.",
        ),
        "brier": FigureWords(
            label="Brier score",
            short="Brier score",
            definition="Mean squared distance of tumor_probability and label.",
            rises=False,
        ),
        "ece": FigureWords(
            label="Calibration error (ECE)",
            short="ECE",
            definition=(
                "Mean distance of tumor_probability and tumor share over 15 bins of "
                "equal width. Its interval is biased upwards: judge it by its null."
            ),
            rises=False,
        ),
    }
)


def sample_family(
    table: pd.DataFrame, draws: PatientDraws, names: Sequence[str] = tuple(FAMILY)
) -> list[MetricSamples]:
    """Compute figures of the family on the set as it is and on every draw.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.
        names: Which figures, keys of `FAMILY`.

    Returns:
        One for each name, in their order; each lies in [0, 1] by definition.
    """
    return [replace(_SAMPLERS[name](table, draws), is_share=True) for name in names]


def _auroc(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    return _ranked("auroc", table, draws, np.zeros(len(table), dtype=np.int64))


def _ranked(
    name: str, table: pd.DataFrame, draws: PatientDraws, strata: NDArray[np.int64]
) -> MetricSamples:
    values, _ = sample_ranking(
        rank_slices(labels_of(table), scores_of(table), strata), draws
    )
    return MetricSamples(
        name=name, values=values, entered=strata >= 0, reason=ONE_CLASS
    )


def _position_matched(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "position_matched_auroc"
    if table[["slice_index", "slice_count"]].isna().any(axis=None):
        return unassessed(name, draws, "no `slice_index` and `slice_count`")
    strata = position_strata(
        labels_of(table), table["slice_index"], table["slice_count"]
    )
    return replace(
        _ranked(name, table, draws, strata),
        reason="no height of the head has more than 5 slices of each class",
    )


def _without_boundary(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "auroc_without_boundary"
    place = table[["patient_id", "slice_index"]]
    if place.isna().any(axis=None):
        return unassessed(name, draws, "no `patient_id` and `slice_index`")
    if place.duplicated().any():
        reason = "a `slice_index` repeats within a patient: neighbors are unclear"
        return unassessed(name, draws, reason)
    boundary = boundary_slices(
        labels_of(table), table["patient_id"], table["slice_index"]
    )
    return _ranked(name, table, draws, np.where(boundary, -1, 0))


def _within_patient(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    name = "within_patient_auroc"
    if table["patient_id"].isna().any():
        return unassessed(name, draws, "no `patient_id`")
    terms = within_patient_terms(
        labels_of(table), scores_of(table), table["patient_id"]
    )
    reason = "no patient with slices of both classes"
    return _one_ratio(terms, name, draws, reason=reason)


def _sensitivity(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    return replace(_at_tuned_threshold(table, draws, "recall"), name="sensitivity")


def _specificity(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    return _at_tuned_threshold(table, draws, "specificity")


def _at_tuned_threshold(
    table: pd.DataFrame, draws: PatientDraws, name: str
) -> MetricSamples:
    thresholds = table["threshold_probability"]
    unknown = int(thresholds.isna().sum())
    if unknown:
        reason = f"{unknown} of {len(table)} slices have no threshold"
        return unassessed(name, draws, reason)
    above = (table["tumor_probability"] > thresholds).to_numpy(dtype=bool)
    terms = threshold_terms(labels_of(table), above)
    return _one_ratio(terms, name, draws, reason=ONE_CLASS)


def _brier(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    terms = probability_terms(labels_of(table), scores_of(table))
    return _one_ratio(terms, "brier", draws, reason="no slices")


def _one_ratio(
    terms: RatioTerms, name: str, draws: PatientDraws, *, reason: str
) -> MetricSamples:
    found = sample_ratios(terms, draws, reasons=dict.fromkeys(terms.names, reason))
    return found[terms.names.index(name)]


def _sensitivity_at_specificity(
    table: pd.DataFrame, draws: PatientDraws
) -> MetricSamples:
    labels = labels_of(table)
    decision = ranked_decision(labels, scores_of(table), draws)
    return MetricSamples(
        name="sensitivity_at_95_specificity",
        values=sample_above(decision, labels == 1, draws),
        entered=labels == 1,
        reason=ONE_CLASS,
    )


def _calibration_error(table: pd.DataFrame, draws: PatientDraws) -> MetricSamples:
    labels, scores = labels_of(table), scores_of(table)
    inside = calibration_bin(scores)[:, None] == np.arange(ECE_BINS)  # (slices, bins)
    gap = draws.counts @ draws.sum_by_patient(inside * (scores - labels)[:, None])
    slices = draws.counts @ draws.sum_by_patient(np.ones((len(labels), 1)))
    return MetricSamples(
        name="ece",
        values=ratios(np.abs(gap).sum(axis=1), slices[:, 0]),
        entered=np.ones(len(labels), dtype=bool),
        reason="no slices",
    )


_SAMPLERS: MappingProxyType[
    str, Callable[[pd.DataFrame, PatientDraws], MetricSamples]
] = MappingProxyType(
    {
        "auroc": _auroc,
        "position_matched_auroc": _position_matched,
        "within_patient_auroc": _within_patient,
        "auroc_without_boundary": _without_boundary,
        "sensitivity_at_95_specificity": _sensitivity_at_specificity,
        "sensitivity": _sensitivity,
        "specificity": _specificity,
        "brier": _brier,
        "ece": _calibration_error,
    }
)
