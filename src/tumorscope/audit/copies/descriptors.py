"""Short descriptors of pictures, for finding candidates.

The lowest cosine coefficients of a fingerprint's picture. Turning and mirroring a picture
only exchanges coefficients and flips signs, and a crop of it is another pair of small
matrices: all the pictures that a copy might have been made into cost next to nothing.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.orientation import orient

ORDER = 10
"""Cosines along each axis: the finest wave is two ninths of the side."""
DIMENSIONS = ORDER * ORDER
CUT_SHARE = 0.07
"""What is tried as cut from a side: crops of 0 to 10 % of a slice are within 7 % of it."""
_CUTS = ((0.0, 0.0), (CUT_SHARE, 0.0), (0.0, CUT_SHARE), (CUT_SHARE, CUT_SHARE))
CROPS: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = tuple(
    product(_CUTS, _CUTS)
)
"""For each crop tried what is cut: (top, bottom), (left, right), in shares of the side.
The first cuts nothing."""
_TINY = 1e-6


def describe(pictures: NDArray[np.float32], *, crops: int = 1) -> NDArray[np.float32]:
    """Describe pictures, and their crops where wanted.

    Args:
        pictures: Shape (n, side, side), float32.
        crops: How many of `CROPS` are described, 1 or 16.

    Returns:
        Shape (n, crops, 10, 10), float32: the cosine coefficients of rows and columns,
        of Euclidean norm 1; the constant one is zero.
    """
    side = pictures.shape[1]
    chosen = _CUTS if crops > 1 else _CUTS[:1]
    basis = np.concatenate([_cosines(side, *cut) for cut in chosen])
    waves = basis @ pictures @ basis.T  # (n, cuts * order, cuts * order)
    cuts = len(chosen)
    grid = waves.reshape(-1, cuts, ORDER, cuts, ORDER).transpose(0, 1, 3, 2, 4)
    grid = grid.reshape(-1, cuts * cuts, ORDER, ORDER) * _taper()
    grid[..., 0, 0] = 0
    norm = np.linalg.norm(grid, axis=(2, 3), keepdims=True)
    return np.ascontiguousarray(grid / (norm + _TINY), dtype=np.float32)


def orient_descriptors(
    descriptors: NDArray[np.float32], orientation: int
) -> NDArray[np.float32]:
    """Return the descriptors of the turned pictures.

    Args:
        descriptors: Shape (..., 10, 10).
        orientation: From 0 to 7, see `orientation`.

    Returns:
        The same shape. A reversed axis changes the sign of its odd cosines.
    """
    turned = orient(descriptors, orientation & 4)
    signs = np.where(np.arange(ORDER) % 2, -1, 1).astype(np.float32)
    if orientation & 2:
        turned = turned * signs[:, None]
    if orientation & 1:
        turned = turned * signs
    return turned


def _cosines(side: int, before: float, after: float) -> NDArray[np.float32]:
    """Return the cosines over what a cut leaves, shape (order, side)."""
    left = 1 - before - after
    at = ((np.arange(side) + 0.5) / side - before) / left
    waves = np.cos(np.pi * np.arange(ORDER)[:, None] * at)
    return np.where((at > 0) & (at < 1), waves / (left * side), 0).astype(np.float32)


def _taper() -> NDArray[np.float32]:
    """Return weights that fall towards fine waves, which small misfits move most."""
    order = np.arange(ORDER)
    radius = np.hypot(order[:, None], order)
    return np.exp(-0.5 * (radius / ORDER) ** 2).astype(np.float32)
