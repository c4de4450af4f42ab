"""Sensitivity of groups as if all had lesions of the same sizes.

Small lesions are missed far more often than large ones, so that a group with smaller
lesions has a lower sensitivity for a reason that lies in the disease. Direct
standardization weighs each group's sensitivity within strata of lesion size by the same
weights.

References:
    Rothman, Greenland and Lash (2008), Modern Epidemiology, chapter 15 (standardization).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import Decision, sample_above
from tumorscope.evaluation.size_strata import SIZE_EDGES_PX

NAME = "size_standardized_sensitivity"
NO_COMMON_SIZE = "no lesion size that all groups have"


def size_masks(
    labels: NDArray[np.int64], areas_px: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Sort tumor slices into strata of lesion size.

    Args:
        labels: Shape (slices,), 0 or 1.
        areas_px: Shape (slices,), lesion area in pixels at 256 x 256, NaN where unknown.

    Returns:
        Shape (strata, slices), bool; a slice of unknown size is in no stratum.
    """
    edges = np.array(SIZE_EDGES_PX)
    low, high = edges[:-1, None], edges[1:, None]
    inside = (areas_px > low) & (areas_px <= high)  # (strata, slices)
    return np.asarray(inside & (labels == 1))


def sample_standardized(
    decision: Decision, strata: NDArray[np.bool_], groups: Sequence[PatientDraws]
) -> NDArray[np.float64]:
    """Return the sensitivity of groups, standardized to the lesion sizes of them all.

    The weight of a stratum is its number of slices in all compared groups together. In
    each row, only strata enter in which every group has slices.

    Args:
        decision: What is above.
        strata: From `size_masks`.
        groups: For each group, draws whose `counts` say how often a patient counts.

    Returns:
        Shape (groups, rows), in [0, 1]; NaN where no stratum is common to all groups.
    """
    slices = np.stack(
        [each.counts @ each.sum_by_patient(strata.T.astype(float)) for each in groups]
    )  # (groups, rows, strata)
    shares = np.stack(
        [
            np.stack([sample_above(decision, one, each) for one in strata], axis=1)
            for each in groups
        ]
    )  # (groups, rows, strata)
    is_common = (slices > 0).all(axis=0)
    weights = slices.sum(axis=0) * is_common  # (rows, strata)
    total = weights.sum(axis=1)
    weighted = (np.where(is_common, shares, 0) * weights).sum(axis=2)
    result = np.full(weighted.shape, np.nan)
    np.divide(weighted, total, out=result, where=total > 0)
    return result
