"""The distance between the best and the worst group, and what chance alone would show.

The largest of several group figures minus the smallest one is never negative, and it grows
with the number of groups and falls with their size: without its null it means nothing.

References:
    Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9:39 (permutation p-values are
    never zero).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws

NULL_PERCENTILE = 95
_TIE = 1e-9
"""Gaps that differ by less are equal: sums in another order round differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The largest group figure minus the smallest.

    Attributes:
        measure: Name of the figure.
        estimate: The gap, with its interval over patients. The interval of a largest
            difference is biased upwards: judge the value against the null.
        highest: Group with the largest figure; empty where there is no gap.
        lowest: Group with the smallest one.
        null_mean: Mean gap over shufflings of the group labels; NaN without a null.
        null_high: 95th percentile of the same.
        p: Share of shufflings with at least this gap; NaN where it was not tested.
        p_holm: The same, corrected for all tests that were listed beforehand.
    """

    measure: str
    estimate: MetricEstimate
    highest: str = ""
    lowest: str = ""
    null_mean: float = math.nan
    null_high: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan

    @property
    def inside_null(self) -> bool:
        """Whether groups that mean nothing would often show as much."""
        return self.estimate.value <= self.null_high


def measure_gap(
    figures: Mapping[str, MetricSamples],
    draws: PatientDraws,
    *,
    null: NDArray[np.float64] | None = None,
    is_tested: bool = False,
) -> Gap:
    """Measure the gap between groups in one figure.

    Args:
        figures: By the name of a group its figure, on the set and on every draw; at least
            two groups.
        draws: The draws.
        null: Shape (groups, shuffles), the figure of each group under shuffled labels;
            None where labels cannot be shuffled over patients.
        is_tested: Whether a p-value is wanted.

    Returns:
        The gap; a draw in which a group has no figure is left out. It cannot be assessed
        where a group has no figure in the set as it is.
    """
    names, samples = list(figures), list(figures.values())
    measure = samples[0].name
    values = np.stack([one.values for one in samples])  # (groups, 1 + draws)
    for group, one in figures.items():
        if math.isnan(float(one.values[0])):
            return blank_gap(measure, f"group {group!r}: {one.reason}", draws)
    gap = MetricSamples(
        name=measure,
        values=values.max(axis=0) - values.min(axis=0),
        entered=np.logical_or.reduce([one.entered for one in samples]),
        reason="",
    )
    estimate = summarize([gap], draws)[measure]
    if all(one.is_share for one in samples):  # shares cannot lie further apart
        estimate = replace(estimate, high=min(estimate.high, 1.0))
    null_mean, null_high, p = _judge(estimate.value, null)
    return Gap(
        measure=measure,
        estimate=estimate,
        highest=names[int(values[:, 0].argmax())],
        lowest=names[int(values[:, 0].argmin())],
        null_mean=null_mean,
        null_high=null_high,
        p=p if is_tested else math.nan,
    )


def blank_gap(measure: str, reason: str, draws: PatientDraws) -> Gap:
    """Return a gap that cannot be assessed, with the reason why."""
    estimate = MetricEstimate(
        name=measure,
        value=math.nan,
        low=math.nan,
        high=math.nan,
        level=draws.level,
        n_slices=len(draws.patient_of_slice),
        n_patients=draws.n_patients,
        resampled=draws.resampled,
        reason=reason,
    )
    return Gap(measure=measure, estimate=estimate)


def _judge(
    value: float, null: NDArray[np.float64] | None
) -> tuple[float, float, float]:
    """Return mean and 95th percentile of the null, and the p-value."""
    gaps = np.zeros(0) if null is None else null.max(axis=0) - null.min(axis=0)
    gaps = gaps[~np.isnan(gaps)]
    if not gaps.size or math.isnan(value):
        return math.nan, math.nan, math.nan
    as_large = int((gaps >= value - _TIE).sum())
    high = float(np.percentile(gaps, NULL_PERCENTILE))
    return float(gaps.mean()), high, (1 + as_large) / (1 + gaps.size)
