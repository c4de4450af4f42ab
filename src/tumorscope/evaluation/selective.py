"""Risk and coverage: how the error falls as the least confident slices are left out.

Definition A1 of the project's evaluation: the confidence is max(p, 1 - p), a slice is wrong
if (p > 0.5) differs from its label; the error at a coverage c is that of the floor(c n)
most confident slices, and the AURC is the mean of this error over all n numbers of slices.
Slices of equal confidence have no order: their mean error stands for each of them.

References:
    Geifman and El-Yaniv (2017), NeurIPS, section 2 (risk-coverage curve); Geifman, Uziel
    and El-Yaniv (2019), ICLR, section 3 (AURC).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.calibration import confidence
from tumorscope.domain.estimates import MetricSet
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.metrics import cumulative_counts, rank_slices
from tumorscope.estimation.resampling import PatientDraws

COVERAGES = (1.0, 0.9, 0.8, 0.5)
HALF = 0.5
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """How the error depends on the share of slices that is decided.

    Attributes:
        metrics: error_at_100, error_at_90, error_at_80, error_at_50 (percent of
            coverage) and aurc.
        coverage: Shape (points,), share of slices decided, rising to 1.
        error: Shape (points,), share of these that is wrong.
    """

    metrics: MetricSet
    coverage: NDArray[np.float64]
    error: NDArray[np.float64]


def measure_selective(table: pd.DataFrame, draws: PatientDraws) -> RiskCoverage:
    """Estimate errors at fixed coverages and the area under the risk-coverage curve.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.

    Returns:
        Figures with intervals over patients, and the curve of the set as it is.
    """
    probability = table["tumor_probability"].to_numpy(dtype=np.float64)
    labels = table["label"].to_numpy(dtype=np.int64)
    wrong = ((probability > HALF) != (labels == 1)).astype(np.int64)
    ranking = rank_slices(wrong, confidence(probability))
    columns = []
    curve: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    for weights in draws.slice_weights(ranking.rows):
        wrong_so_far, right_so_far = cumulative_counts(ranking, weights)
        slices = wrong_so_far + right_so_far  # (draws, levels + 1)
        errors = [error_at(slices, wrong_so_far, coverage=one) for one in COVERAGES]
        columns.append([*errors, area_under_risk(slices, wrong_so_far)])
        curve = curve or _curve(slices[0], wrong_so_far[0])
    names = [*(f"error_at_{100 * one:.0f}" for one in COVERAGES), "aurc"]
    values = np.concatenate([np.stack(each) for each in columns], axis=1)
    samples = [
        MetricSamples(
            name=name,
            values=row,
            entered=np.ones(len(table), dtype=bool),
            reason="too few slices for this coverage",
            is_share=True,
        )
        for name, row in zip(names, values, strict=True)
    ]
    coverage, error = curve or (np.zeros(0), np.zeros(0))
    return RiskCoverage(
        metrics=summarize(samples, draws), coverage=coverage, error=error
    )


def error_at(
    slices: NDArray[np.float64], wrong: NDArray[np.float64], *, coverage: float
) -> NDArray[np.float64]:
    """Return the share of wrong slices among the most confident ones.

    Args:
        slices: Shape (draws, levels + 1), slices down to each level of confidence, from 0.
        wrong: Shape (draws, levels + 1), the wrong ones among them.
        coverage: Share of the slices, in (0, 1]; their number is rounded down.

    Returns:
        Shape (draws,), in [0, 1]; NaN where not one slice is covered.
    """
    decided = np.floor(coverage * slices[:, -1] + 1e-9)
    before = (slices < decided[:, None]).sum(axis=1) - 1
    rows = np.arange(len(slices))
    start, end = np.maximum(before, 0), np.maximum(before, 0) + 1
    width = slices[rows, end] - slices[rows, start]
    part = (decided - slices[rows, start]) / np.where(width > 0, width, 1)
    gained = part * (wrong[rows, end] - wrong[rows, start])
    result = np.full(len(slices), np.nan)
    np.divide(wrong[rows, start] + gained, decided, out=result, where=decided > 0)
    return result


def area_under_risk(
    slices: NDArray[np.float64], wrong: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean, over k = 1 to n, of the error of the k most confident slices.

    Within a level of w tied slices after N slices with E wrong ones, the sum of
    (E + e (k - N)) / k is e w + (E - e N) (H(N + w) - H(N)), with e the level's error and
    H the harmonic numbers: no slice has to be repeated to be drawn more than once.

    Args:
        slices: Shape (draws, levels + 1), whole numbers, as for `error_at`.
        wrong: Shape (draws, levels + 1), likewise.

    Returns:
        Shape (draws,), in [0, 1].
    """
    total = slices[:, -1]
    counts = np.arange(1, int(total.max()) + 1)
    harmonic = np.concatenate(([0.0], np.cumsum(1 / counts)))
    width, step = np.diff(slices, axis=1), np.diff(wrong, axis=1)
    rate = step / np.where(width > 0, width, 1)
    reached = harmonic[np.rint(slices).astype(np.int64)]
    offset = wrong[:, :-1] - rate * slices[:, :-1]
    area: NDArray[np.float64] = (step + offset * np.diff(reached, axis=1)).sum(axis=1)
    return area / total


def _curve(
    slices: NDArray[np.float64], wrong: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    spread = np.linspace(1, len(slices) - 1, min(CURVE_POINTS, len(slices) - 1))
    kept = np.unique(np.rint(spread).astype(np.int64))
    return slices[kept] / slices[-1], wrong[kept] / slices[kept]
