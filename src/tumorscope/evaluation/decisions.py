"""What is above a threshold, in the set as it is and in every bootstrap draw.

There are two decisions. The *tuned* one uses the threshold that each fold fixed on its
tuning part: it does not change from draw to draw. The *ranked* one uses t95, the 0.95
quantile of the pooled scores of tumor-free slices that are being judged. That one sums up
the ranking where specificity is high and is no operating point, because it is read from the
very slices that it is applied to. It is a function of the tested patients, so every draw
has its own t95: with t95 held fixed the interval would leave out how uncertain it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws

RANKED_SPECIFICITY = 0.95
NO_TUMOR_FREE = "no tumor-free slice"
NO_TUMOR = "no tumor slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Slices are positive where their margin is strictly above the cut of the draw.

    Attributes:
        name: "ranked" or "tuned".
        margins: Shape (slices,), float64: the score, or score minus threshold.
        cuts: Shape (1 + draws,), float64, like the rows of `PatientDraws.counts`; NaN in
            a draw without tumor-free slices.
        reason: Why there is no decision; empty where there is one.
    """

    name: str
    margins: NDArray[np.float64]
    cuts: NDArray[np.float64]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPoint:
    """Sensitivity where 95 % of the tested tumor-free slices are not above.

    Attributes:
        target_specificity: Share of tumor-free slices that the quantile leaves below.
        threshold_probability: t95 of the set as it is; NaN without tumor-free slices.
        sensitivity: Share of tumor slices strictly above t95; t95 is found anew in each
            bootstrap draw.
        specificity: Share of tumor-free slices not above t95: the target, but for ties.
    """

    target_specificity: float
    threshold_probability: float
    sensitivity: MetricEstimate
    specificity: MetricEstimate


def ranked_decision(
    labels: NDArray[np.int64], scores: NDArray[np.float64], draws: PatientDraws
) -> Decision:
    """Return the decision at t95, with a t95 for each draw.

    Args:
        labels: Shape (slices,), 0 or 1.
        scores: Shape (slices,), higher means tumor.
        draws: The draws.

    Returns:
        The decision named "ranked"; its cut is the linearly interpolated 0.95 quantile
        (Hyndman and Fan 1996, type 7) of tumor-free slices, each as often as its patient
        was drawn.
    """
    free = np.flatnonzero(labels == 0)
    order = free[np.argsort(scores[free], kind="stable")]
    cuts = [
        replicated_quantile(scores[order], weights, RANKED_SPECIFICITY)
        for weights in draws.slice_weights(order)
    ]
    return Decision(
        name="ranked",
        margins=scores,
        cuts=np.concatenate(cuts),
        reason="" if len(free) else NO_TUMOR_FREE,
    )


def tuned_decision(table: pd.DataFrame, draws: PatientDraws) -> Decision:
    """Return the decision at the threshold that each row's fold has fixed.

    Args:
        table: Rows of `Predictions.table`.
        draws: Draws of these rows' patients.

    Returns:
        The decision named "tuned", with a reason if a row has no threshold.
    """
    thresholds = table["threshold_probability"]
    unknown = int(thresholds.isna().sum())
    # IEEE subtraction keeps the order: a - b > 0 exactly where a > b.
    margins = (table["tumor_probability"] - thresholds).to_numpy(dtype=np.float64)
    return Decision(
        name="tuned",
        margins=margins,
        cuts=np.zeros(len(draws.counts)),
        reason=f"{unknown} of {len(table)} slices have no threshold" if unknown else "",
    )


def measure_ranked(
    labels: NDArray[np.int64], decision: Decision, draws: PatientDraws
) -> RankedPoint:
    """Estimate sensitivity and specificity at t95.

    Args:
        labels: Shape (slices,), 0 or 1.
        decision: From `ranked_decision`.
        draws: The draws.
    """
    sensitivity = estimate_above(
        decision,
        labels == 1,
        draws,
        name="sensitivity_at_95_specificity",
        reason=NO_TUMOR,
    )
    positive = sample_above(decision, labels == 0, draws)
    specificity = MetricSamples(
        name="specificity_at_t95",
        values=1 - positive,
        entered=labels == 0,
        reason=decision.reason,
        is_share=True,
    )
    return RankedPoint(
        target_specificity=RANKED_SPECIFICITY,
        threshold_probability=float(decision.cuts[0]),
        sensitivity=sensitivity,
        specificity=summarize([specificity], draws)[specificity.name],
    )


def estimate_above(
    decision: Decision,
    entered: NDArray[np.bool_],
    draws: PatientDraws,
    *,
    name: str,
    reason: str,
) -> MetricEstimate:
    """Estimate the share of some slices that are above the cut.

    Args:
        decision: What is above.
        entered: Shape (slices,), bool, slices of which the share is taken.
        draws: The draws.
        name: Name of the figure.
        reason: Why there is no figure where no slice enters.
    """
    samples = MetricSamples(
        name=name,
        values=sample_above(decision, entered, draws),
        entered=entered,
        reason=decision.reason or reason,
        is_share=True,
    )
    return summarize([samples], draws)[name]


def sample_above(
    decision: Decision, entered: NDArray[np.bool_], draws: PatientDraws
) -> NDArray[np.float64]:
    """Return the share of some slices above the cut, in the set and in every draw.

    Args:
        decision: What is above.
        entered: Shape (slices,), bool, slices of which the share is taken.
        draws: The draws.

    Returns:
        Shape (1 + draws,), in [0, 1]; NaN where no slice enters or there is no cut.
    """
    if decision.reason:
        return np.full(len(draws.counts), np.nan)
    rows = np.flatnonzero(entered)
    order = rows[np.argsort(decision.margins[rows], kind="stable")]
    margins = decision.margins[order]
    shares = []
    for weights, cuts in _with_cuts(draws, order, decision.cuts):
        sums = np.zeros((len(weights), len(order) + 1))
        np.cumsum(weights, axis=1, out=sums[:, 1:])
        below = np.searchsorted(margins, cuts, side="right")
        above = sums[:, -1] - sums[np.arange(len(sums)), below]
        known = (sums[:, -1] > 0) & ~np.isnan(cuts)
        share = np.full(len(sums), np.nan)
        shares.append(np.divide(above, sums[:, -1], out=share, where=known))
    return np.concatenate(shares)


def replicated_quantile(
    values: NDArray[np.float64], weights: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Return quantiles of values that are repeated as often as their weights say.

    Args:
        values: Shape (values,) or (rows, values), rising along the last axis.
        weights: Shape (rows, values), whole numbers from 0, of these values.
        share: Which quantile, in [0, 1].

    Returns:
        Shape (rows,): what `numpy.quantile` gives for the repeated values, linearly
        interpolated; NaN in a row whose weights are all zero.
    """
    if not weights.shape[1]:
        return np.full(len(weights), np.nan)
    sums = np.cumsum(weights, axis=1)
    total = sums[:, -1]
    place = np.maximum(total - 1, 0) * share
    lower = np.floor(place)
    ends = []
    for rank in (lower, np.minimum(lower + 1, np.maximum(total - 1, 0))):
        position = np.argmax(sums > rank[:, None], axis=1)
        rows = np.broadcast_to(values, weights.shape)
        ends.append(rows[np.arange(len(weights)), position])
    low, high = ends
    return np.where(total > 0, low + (high - low) * (place - lower), np.nan)


def _with_cuts(
    draws: PatientDraws, rows: NDArray[np.int64], cuts: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    start = 0
    for weights in draws.slice_weights(rows):
        yield weights, cuts[start : start + len(weights)]
        start += len(weights)
