"""Intervals from a bootstrap over patients.

Every metric is computed on the set as it is and, from the number of times that each
patient was drawn, on every draw; `intervals` turns the draws into an interval.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.estimation.intervals import (
    Spread,
    share_interval,
    t_interval,
)
from tumorscope.estimation.metrics import (
    Ranking,
    RatioTerms,
    auroc,
    average_precision,
    cumulative_counts,
    ratios,
)
from tumorscope.estimation.resampling import PatientDraws, draw_patients

__all__ = [
    "MetricSamples",
    "MetricSet",
    "PatientDraws",
    "draw_patients",
    "sample_ranking",
    "sample_ratios",
    "summarize",
    "unassessed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSamples:
    """One metric on the set as it is and on every draw.

    Attributes:
        name: Name of the metric.
        values: Shape (1 + draws,), like the rows of `PatientDraws.counts`; NaN where the
            metric is undefined.
        entered: Shape (slices,), bool, slices that the metric looks at.
        reason: Why the metric is undefined, used only where `values[0]` is NaN.
        is_share: Whether it lies in [0, 1] by definition, which shapes its interval. Never
            set it for a difference.
        is_coefficient: Whether it is a coefficient of a fit, which may lie below zero even
            where no draw does.
    """

    name: str
    values: NDArray[np.float64]
    entered: NDArray[np.bool_]
    reason: str
    is_share: bool = False
    is_coefficient: bool = False


def unassessed(name: str, draws: PatientDraws, reason: str) -> MetricSamples:
    """Return a metric that cannot be computed, neither on the set nor on any draw."""
    return MetricSamples(
        name=name,
        values=np.full(len(draws.counts), np.nan),
        entered=np.ones(len(draws.patient_of_slice), dtype=bool),
        reason=reason,
    )


def sample_ratios(
    terms: RatioTerms,
    draws: PatientDraws,
    *,
    reasons: dict[str, str],
    shares: Collection[str] = (),
) -> list[MetricSamples]:
    """Compute ratio metrics on the set and on every draw.

    Args:
        terms: Numerators and denominators of slices.
        draws: The draws.
        reasons: For each metric, why it is undefined where its denominator is zero.
        shares: Names of those that lie in [0, 1] by definition.

    Returns:
        One for each metric of `terms`, in its order.
    """
    values = ratios(
        draws.counts @ draws.sum_by_patient(terms.numerator),
        draws.counts @ draws.sum_by_patient(terms.denominator),
    )  # (1 + draws, metrics)
    return [
        MetricSamples(
            name=name,
            values=values[:, column],
            entered=terms.denominator[:, column] > 0,
            reason=reasons[name],
            is_share=name in shares,
        )
        for column, name in enumerate(terms.names)
    ]


def sample_ranking(
    ranking: Ranking, draws: PatientDraws
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute AUROC and average precision on the set and on every draw.

    Args:
        ranking: Slices sorted once.
        draws: The draws.

    Returns:
        AUROC (within strata) and average precision (meaningful for one stratum only),
        each of shape (1 + draws,), NaN where a class is absent.
    """
    areas, precisions = [], []
    for weights in draws.slice_weights(ranking.rows):
        tumor, free = cumulative_counts(ranking, weights)
        areas.append(auroc(ranking, tumor, free))
        precisions.append(average_precision(tumor, free))
    return np.concatenate(areas), np.concatenate(precisions)


def summarize(samples: Sequence[MetricSamples], draws: PatientDraws) -> MetricSet:
    """Turn samples into estimates with intervals.

    Args:
        samples: Metrics on the set and on every draw.
        draws: The draws they were computed from.

    Returns:
        One estimate for each metric. One that is undefined on the whole set, or to which
        a single patient contributes, carries a reason in place of a value.
    """
    results = [_estimate(each, draws) for each in samples]
    return MetricSet(
        estimates=tuple(estimate for estimate, _ in results),
        draws_left_out=tuple(left_out for _, left_out in results),
    )


def _estimate(
    samples: MetricSamples, draws: PatientDraws
) -> tuple[MetricEstimate, int]:
    n_patients = len(np.unique(draws.patient_of_slice[samples.entered]))
    value, drawn = float(samples.values[0]), samples.values[1:]
    defined = drawn[~np.isnan(drawn)]
    reason = ""
    if math.isnan(value):
        reason = samples.reason
    elif n_patients < 2:
        reason = f"an interval needs at least two {draws.unit}"
    elif not defined.size:
        reason = "undefined in every bootstrap draw"
    low = high = math.nan
    if not reason:
        spread = Spread(
            n_patients=n_patients,
            strata=draws.strata,
            level=draws.level,
        )
        low, high = _interval(samples, defined, spread)
    estimate = MetricEstimate(
        name=samples.name,
        value=math.nan if reason else value,
        low=low,
        high=high,
        level=draws.level,
        n_slices=int(samples.entered.sum()),
        n_patients=n_patients,
        resampled=draws.resampled,
        reason=reason,
    )
    return estimate, len(drawn) - len(defined)


def _interval(
    samples: MetricSamples, drawn: NDArray[np.float64], spread: Spread
) -> tuple[float, float]:
    value = float(samples.values[0])
    if samples.is_share:
        return share_interval(value, drawn, spread)
    low, high = t_interval(value, drawn, spread)
    if not samples.is_coefficient and min(value, float(drawn.min())) >= 0:
        # A count or a loss cannot be negative. An interval that ends at zero does not
        # leave zero out, so that no difference is claimed because of this.
        low = max(low, 0.0)
    return low, high
