"""Sensitivity by the size of the lesion: small lesions are what a detector misses.

The strata are those in which simple methods were measured on the TCGA lower-grade-glioma
set, in pixels at 256 x 256, open below and closed above. They are fixed, so that two reports
can be compared; 1,024 pixels are one cell of a network's last layer at stride 32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import NO_TUMOR, Decision, estimate_above

SIZE_EDGES_PX = (0.0, 200.0, 735.0, 1529.0, 2765.0, float("inf"))
NO_MASKS = "no lesion masks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeStratum:
    """Tumor slices whose lesion has a size within a range.

    Attributes:
        name: The range in words, in pixels at 256 x 256.
        low_px: Excluded lower end of the area, in pixels at 256 x 256.
        high_px: Included upper end; infinite for the largest lesions.
        n_slices: Tumor slices of this size.
        ranked: Share of them above t95 (the t95 of all slices).
        tuned: Share of them above the tuned threshold.
    """

    name: str
    low_px: float
    high_px: float
    n_slices: int
    ranked: MetricEstimate
    tuned: MetricEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionSizeTable:
    """Sensitivity by lesion size.

    Attributes:
        strata: From the smallest lesions to the largest; empty where no size is known.
        n_unknown: Tumor slices without a mask, or with an empty one: in no stratum.
        reason: Why there are no strata; empty where there are some.
    """

    strata: tuple[SizeStratum, ...]
    n_unknown: int
    reason: str


def measure_size_strata(
    labels: NDArray[np.int64],
    areas_px: NDArray[np.float64] | None,
    decisions: Sequence[Decision],
    draws: PatientDraws,
) -> LesionSizeTable:
    """Estimate the sensitivity in each stratum of lesion size.

    Args:
        labels: Shape (slices,), 0 or 1.
        areas_px: Shape (slices,), lesion area in pixels at 256 x 256, NaN where unknown;
            None where no mask was read.
        decisions: The ranked and the tuned decision, in this order.
        draws: The draws.

    Returns:
        The table. A stratum without slices says so; it is not left out.
    """
    tumor = labels == 1
    areas = np.full(len(labels), np.nan) if areas_px is None else areas_px
    known = tumor & (areas > 0)
    n_unknown = int(tumor.sum() - known.sum())
    if not known.any():
        reason = NO_MASKS if tumor.any() else NO_TUMOR
        return LesionSizeTable(strata=(), n_unknown=n_unknown, reason=reason)
    strata = [
        _measure_stratum(bounds, known & _is_within(areas, bounds), decisions, draws)
        for bounds in pairwise(SIZE_EDGES_PX)
    ]
    return LesionSizeTable(strata=tuple(strata), n_unknown=n_unknown, reason="")


def _is_within(
    areas: NDArray[np.float64], bounds: tuple[float, float]
) -> NDArray[np.bool_]:
    return (areas > bounds[0]) & (areas <= bounds[1])


def _measure_stratum(
    bounds: tuple[float, float],
    entered: NDArray[np.bool_],
    decisions: Sequence[Decision],
    draws: PatientDraws,
) -> SizeStratum:
    ranked, tuned = (
        estimate_above(
            decision,
            entered,
            draws,
            name=f"sensitivity_{decision.name}",
            reason="no tumor slice of this size",
        )
        for decision in decisions
    )
    return SizeStratum(
        name=range_words(*bounds),
        low_px=bounds[0],
        high_px=bounds[1],
        n_slices=int(entered.sum()),
        ranked=ranked,
        tuned=tuned,
    )


def range_words(low_px: float, high_px: float) -> str:
    """Return a range of lesion areas, in pixels at 256 x 256, in words."""
    if low_px == 0:
        return f"up to {high_px:.0f} px"
    if math.isinf(high_px):
        return f"above {low_px:.0f} px"
    return f"above {low_px:.0f} to {high_px:.0f} px"
