"""How alike two maps of one slice are: rank correlation and structural similarity."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

_ROUNDING = 1e-6
_WINDOW_PX = 11
_SIGMA_PX = 1.5
_LUMINANCE = 0.01**2
_CONTRAST = 0.03**2
"""The constants (K1 L)^2 and (K2 L)^2 of the paper for a range L of 1."""


def rank_correlation(
    first: NDArray[np.floating[Any]],
    second: NDArray[np.floating[Any]],
    region: NDArray[np.bool_],
) -> float:
    """Return Spearman's correlation of two maps over the pixels of a region.

    Args:
        first: Shape (height, width).
        second: Shape (height, width).
        region: Shape (height, width), bool, for instance the brain.

    Returns:
        In [-1, 1], tied pixels with their mean rank; NaN where the region has fewer than
        two pixels or a map is constant there, up to the rounding of float32.

    References:
        Spearman 1904; Adebayo et al. 2018, Sanity checks for saliency maps, section 3.2.
    """
    if np.count_nonzero(region) < 2:
        return float("nan")
    inside = [each[region].astype(np.float64) for each in (first, second)]
    if any(_is_constant(values) for values in inside):
        return float("nan")
    ranks = np.stack([rankdata(values) for values in inside])
    centered = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((centered**2).sum(axis=1))
    return float((centered[0] * centered[1]).sum() / norms.prod())


def structural_similarity(
    first: NDArray[np.floating[Any]],
    second: NDArray[np.floating[Any]],
    region: NDArray[np.bool_],
) -> float:
    """Return the structural similarity of what two maps say for a tumor.

    Both are clipped at 0 and divided by their own maximum; a map without a positive
    value becomes 0 everywhere. The window is an 11 x 11 Gaussian with a sigma of 1.5
    pixels, the range is 1.

    Args:
        first: Shape (height, width).
        second: Shape (height, width).
        region: Shape (height, width), bool, the pixels over which it is averaged.

    Returns:
        In [-1, 1], 1 for the same map; NaN for an empty region.

    References:
        Wang et al. 2004, Image quality assessment, eq. 13.
    """
    if not region.any():
        return float("nan")
    one, other = (_positive_part(each) for each in (first, second))
    mean_one, mean_other = _blur(one), _blur(other)
    variance_one = _blur(one * one) - mean_one**2
    variance_other = _blur(other * other) - mean_other**2
    covariance = _blur(one * other) - mean_one * mean_other
    similarity = (
        (2 * mean_one * mean_other + _LUMINANCE) * (2 * covariance + _CONTRAST)
    ) / (
        (mean_one**2 + mean_other**2 + _LUMINANCE)
        * (variance_one + variance_other + _CONTRAST)
    )
    return float(similarity[region].mean())


def _is_constant(values: NDArray[np.float64]) -> bool:
    return bool(np.ptp(values) <= _ROUNDING * np.abs(values).max())


def _positive_part(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    clipped = np.maximum(values.astype(np.float64), 0)
    highest = float(clipped.max())
    return clipped / highest if highest > 0 else clipped


def _blur(values: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = cv2.GaussianBlur(
        values, (_WINDOW_PX, _WINDOW_PX), _SIGMA_PX, borderType=cv2.BORDER_REFLECT
    )
    return np.asarray(blurred, dtype=np.float64)
