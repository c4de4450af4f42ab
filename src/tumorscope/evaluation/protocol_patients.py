"""Hits and false positives of patients, averaged over the repeats of a protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import (
    NO_TUMOR,
    NO_TUMOR_FREE,
    Decision,
    replicated_quantile,
)
from tumorscope.evaluation.patient_figures import NO_PATIENTS, exact_interval
from tumorscope.evaluation.repeats import average_samples


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolPatients:
    """How patients fare at one decision, averaged over repeats.

    Attributes:
        decision: "ranked" (t95 of each repeat) or "tuned".
        n_hit: For each repeat, patients with at least one tumor slice above; empty
            without patient ids.
        hit: Their mean share of the patients that have tumor slices. The interval is the
            exact binomial one, from the next whole number below the mean count to the one
            above: five repeats test the same patients and are no new evidence.
        false_positives: Median over patients of the number of tumor-free slices above.
        without_false_positive: Share of the patients with tumor-free slices of which none
            is above.
    """

    decision: str
    n_hit: tuple[int, ...]
    hit: MetricEstimate
    false_positives: MetricEstimate
    without_false_positive: MetricEstimate


def average_patients(
    tables: Sequence[pd.DataFrame],
    decisions: Sequence[Decision],
    draws: PatientDraws,
) -> ProtocolPatients:
    """Estimate hits and false positives of patients.

    Args:
        tables: Aligned repeats.
        decisions: What is above in each repeat; one kind of decision.
        draws: Draws of their patients, used for all of them.

    Returns:
        The figures; without patient ids each carries the reason.
    """
    sampled = [
        sample_false_positives(table, decision, draws)
        for table, decision in zip(tables, decisions, strict=True)
    ]
    figures = summarize(average_samples(sampled), draws)
    reason = _reason(tables[0], decisions)
    n_hit = tuple(
        _count_hits(table, decision)
        for table, decision in zip(tables, decisions, strict=True)
        if not reason
    )
    return ProtocolPatients(
        decision=decisions[0].name,
        n_hit=n_hit,
        hit=_exact_share(n_hit, tables[0], draws, reason=reason),
        false_positives=figures["false_positives_per_patient"],
        without_false_positive=figures["patients_without_false_positive"],
    )


def sample_false_positives(
    table: pd.DataFrame, decision: Decision, draws: PatientDraws
) -> list[MetricSamples]:
    """Compute the false positives of patients on the set and on every draw.

    Args:
        table: Rows of `Predictions.table` with a label each.
        decision: What is above.
        draws: Draws of these rows' patients.

    Returns:
        Median over patients of the number of tumor-free slices above, and share of the
        patients with tumor-free slices of which none is above.
    """
    free = (table["label"] == 0).to_numpy(dtype=bool)
    reason = _reason(table, [decision])
    median = np.full(len(draws.counts), np.nan)
    share = median.copy()
    if not reason and free.any():
        above, weights = _count_above(table, free, decision, draws)
        order = np.argsort(above, axis=1, kind="stable")
        median = replicated_quantile(
            np.take_along_axis(above, order, axis=1),
            np.take_along_axis(weights, order, axis=1),
            0.5,
        )
        drawn = weights.sum(axis=1)
        clean = (weights * (above == 0)).sum(axis=1)
        np.divide(clean, drawn, out=share, where=drawn > 0)
    return [
        MetricSamples(
            name=name,
            values=values,
            entered=free,
            reason=reason or NO_TUMOR_FREE,
            is_share=values is share,
        )
        for name, values in (
            ("false_positives_per_patient", median),
            ("patients_without_false_positive", share),
        )
    ]


def _count_above(
    table: pd.DataFrame,
    free: NDArray[np.bool_],
    decision: Decision,
    draws: PatientDraws,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return tumor-free slices above, and draws, each of shape (1 + draws, patients)."""
    rows = np.flatnonzero(free)
    above, weights = [], []
    for own in pd.Series(rows).groupby(table["patient_id"].to_numpy()[rows]):
        slices = own[1].to_numpy()
        margins = np.sort(decision.margins[slices])
        below = np.searchsorted(margins, decision.cuts, side="right")
        above.append((len(margins) - below).astype(np.float64))
        # A patient is drawn with its group; with patient ids the two are the same.
        weights.append(draws.counts[:, draws.patient_of_slice[slices[0]]])
    return np.stack(above, axis=1), np.stack(weights, axis=1)


def _reason(table: pd.DataFrame, decisions: Sequence[Decision]) -> str:
    if table["patient_id"].isna().any():
        return NO_PATIENTS
    return next((each.reason for each in decisions if each.reason), "")


def _count_hits(table: pd.DataFrame, decision: Decision) -> int:
    above = decision.margins > decision.cuts[0]
    hit = (table["label"] == 1).to_numpy(dtype=bool) & above
    return int(table["patient_id"][hit].nunique())


def _exact_share(
    n_hit: Sequence[int], table: pd.DataFrame, draws: PatientDraws, *, reason: str
) -> MetricEstimate:
    tumor = (table["label"] == 1).to_numpy(dtype=bool)
    trials = int(table["patient_id"][tumor].nunique())
    reason = reason or ("" if trials else NO_TUMOR)
    value = low = high = math.nan
    if not reason:
        mean = sum(n_hit) / len(n_hit)
        value = mean / trials
        low, _ = exact_interval(math.floor(mean), trials, level=draws.level)
        _, high = exact_interval(math.ceil(mean), trials, level=draws.level)
    return MetricEstimate(
        name="patients_hit",
        value=value,
        low=low,
        high=high,
        level=draws.level,
        n_slices=int(tumor.sum()),
        n_patients=trials,
        resampled="patients, exact interval",
        reason=reason,
    )
