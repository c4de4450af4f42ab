"""What the slices of a patient add up to: is a tumor hit at all, and how often in vain?

A slice-level result says nothing of patients. These figures count patients, once at t95 and
once at the tuned threshold.

References:
    Clopper and Pearson (1934), Biometrika 26:404-413 (exact interval of a share).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import (
    NO_TUMOR,
    NO_TUMOR_FREE,
    Decision,
    replicated_quantile,
)

NO_PATIENTS = "no `patient_id`"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFigures:
    """How patients fare at one decision.

    Attributes:
        decision: "ranked" (t95) or "tuned".
        n_hit: Patients with at least one tumor slice above; 0 without patient ids.
        hit: Their share of the patients that have tumor slices. The interval is the exact
            binomial one: patients are independent, and at 45 of 45 every bootstrap draw
            says 1. It takes the threshold as given.
        false_positives: Median over patients of the number of tumor-free slices above.
        without_false_positive: Share of the patients with tumor-free slices of which
            none is above.
    """

    decision: str
    n_hit: int
    hit: MetricEstimate
    false_positives: MetricEstimate
    without_false_positive: MetricEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patients:
    """Slices gathered by patient.

    Attributes:
        of_slice: Shape (slices,), int64, patient of each slice.
        weights: Shape (1 + draws, patients), how often each patient was drawn.
    """

    of_slice: NDArray[np.int64]
    weights: NDArray[np.float64]


def measure_patients(
    table: pd.DataFrame, decision: Decision, draws: PatientDraws
) -> PatientFigures:
    """Estimate hits and false positives of patients.

    Args:
        table: Rows of `Predictions.table` with a label each.
        decision: What is above.
        draws: Draws of these rows' patients.

    Returns:
        The figures; without patient ids each carries the reason.
    """
    labels = table["label"].to_numpy(dtype=np.int64)
    reason = decision.reason
    if table["patient_id"].isna().any():
        reason = NO_PATIENTS
    patients = _gather(table, draws) if not reason else None
    n_hit, n_tumor = _hits(labels, decision, patients)
    median, without = _false_positives(labels, decision, patients, draws)
    samples = [
        MetricSamples(
            name=name,
            values=values,
            entered=labels == 0,
            reason=reason or NO_TUMOR_FREE,
            is_share=values is without,
        )
        for name, values in (
            ("false_positives_per_patient", median),
            ("patients_without_false_positive", without),
        )
    ]
    figures = summarize(samples, draws)
    return PatientFigures(
        decision=decision.name,
        n_hit=n_hit,
        hit=_exact_share(
            (n_hit, n_tumor),
            draws,
            n_slices=int((labels == 1).sum()),
            reason=reason or ("" if n_tumor else NO_TUMOR),
        ),
        false_positives=figures["false_positives_per_patient"],
        without_false_positive=figures["patients_without_false_positive"],
    )


def exact_interval(hits: int, trials: int, *, level: float) -> tuple[float, float]:
    """Return the two-sided Clopper-Pearson interval of a share.

    Args:
        hits: From 0 to `trials`.
        trials: Independent trials, at least 1.
        level: Confidence level, in (0, 1).
    """
    tail = (1 - level) / 2
    low = beta.ppf(tail, hits, trials - hits + 1) if hits else 0.0
    high = beta.isf(tail, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)


def _gather(table: pd.DataFrame, draws: PatientDraws) -> _Patients:
    of_slice, names = pd.factorize(table["patient_id"], sort=True)
    # A patient is drawn with its group; with patient ids the two are the same.
    first = pd.Series(draws.patient_of_slice).groupby(of_slice).first()
    weights = draws.counts[:, first.reindex(range(len(names))).to_numpy()]
    return _Patients(of_slice=of_slice.astype(np.int64), weights=weights)


def _hits(
    labels: NDArray[np.int64], decision: Decision, patients: _Patients | None
) -> tuple[int, int]:
    """Return patients that were hit, and patients with tumor slices."""
    if patients is None:
        return 0, 0
    tumor = labels == 1
    above = tumor & (decision.margins > decision.cuts[0])
    return (
        len(np.unique(patients.of_slice[above])),
        len(np.unique(patients.of_slice[tumor])),
    )


def _exact_share(
    counts: tuple[int, int], draws: PatientDraws, *, n_slices: int, reason: str
) -> MetricEstimate:
    hits, trials = counts
    value = low = high = math.nan
    if not reason:
        value = hits / trials
        low, high = exact_interval(hits, trials, level=draws.level)
    return MetricEstimate(
        name="patients_hit",
        value=value,
        low=low,
        high=high,
        level=draws.level,
        n_slices=n_slices,
        n_patients=trials,
        resampled="patients, exact interval",
        reason=reason,
    )


def _false_positives(
    labels: NDArray[np.int64],
    decision: Decision,
    patients: _Patients | None,
    draws: PatientDraws,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median number, and the share of patients with none, for every draw."""
    unknown = np.full(len(draws.counts), np.nan)
    free = np.flatnonzero(labels == 0)
    if patients is None or not len(free):
        return unknown, unknown.copy()
    owners, margins = patients.of_slice[free], decision.margins[free]
    present = np.unique(owners)
    weights = patients.weights[:, present]  # (1 + draws, present)
    above = np.empty(weights.shape, dtype=np.float64)
    for column, patient in enumerate(present):
        own = np.sort(margins[owners == patient])
        above[:, column] = len(own) - np.searchsorted(own, decision.cuts, side="right")
    drawn = weights.sum(axis=1)
    share = np.divide(
        (weights * (above == 0)).sum(axis=1), drawn, out=unknown.copy(), where=drawn > 0
    )
    order = np.argsort(above, axis=1, kind="stable")
    median = replicated_quantile(
        np.take_along_axis(above, order, axis=1),
        np.take_along_axis(weights, order, axis=1),
        0.5,
    )
    return median, share
