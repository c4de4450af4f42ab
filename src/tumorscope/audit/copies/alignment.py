"""Lays one picture on another: two scales and two shifts, found by Gauss-Newton.

A copy that was cropped, padded or resized differs from its original by a scale and a shift
along each axis, and by nothing else. Many pairs are moved at once: such a warp is a product
of two small matrices with the picture, which is what processors do fastest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pyramid = tuple[tuple[int, int], ...]
COARSE: Pyramid = ((16, 4),)
"""Side of the pictures in pixels, and steps: catches misfits of 6 % of the side."""
FINE: Pyramid = ((32, 4), (48, 2), (96, 2))
"""From what the coarse steps left to a fraction of a pixel."""
_DAMPING = 1e-3
_SCALES = (0.7, 1.45)
_MAX_SHIFT = 0.3
_TINY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Warps:
    """Where the pixels of targets lie in their sources, in shares of the side.

    Attributes:
        scale: Shape (n, 2), float32: rows, columns. A source is cut down to this share.
        shift: Shape (n, 2), float32: rows, columns. source = scale * target + shift.
    """

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.scale)

    def take(self, rows: NDArray[np.int64]) -> Warps:
        """Return the warps of these pairs."""
        return Warps(scale=self.scale[rows], shift=self.shift[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Pairs that were laid on each other.

    Attributes:
        kept: Shape (kept,), int64: which of the pairs correlated at every size.
        warps: Of the kept pairs.
        moved: Shape (kept, side, side), float32: the sources, as the targets lie.
        inside: Shape (kept, side, side), bool: pixels of the target that the source covers.
    """

    kept: NDArray[np.int64]
    warps: Warps
    moved: NDArray[np.float32]
    inside: NDArray[np.bool_]


def align(
    sources: NDArray[np.float32],
    targets: NDArray[np.float32],
    start: Warps,
    pyramid: Pyramid,
    *,
    min_correlation: float,
) -> Aligned:
    """Lay sources on targets; pairs that do not fit are dropped early.

    Args:
        sources: Shape (n, side, side), float32, about zero on average.
        targets: The same shape.
        start: First guess.
        pyramid: Sides to go through, each a divisor of the pictures' side, the last one
            that side; and how many steps are taken at each.
        min_correlation: A pair is dropped at the first side at which it correlates less.

    Returns:
        The pairs that are left, in order.

    References:
        Baker S, Matthews I. Lucas-Kanade 20 years on: a unifying framework. Int J Comput
        Vis 2004;56:221-255. The mean of both gradients: Benhimane S, Malis E. Real-time
        image-based tracking of planes using efficient second-order minimization. IROS
        2004.
    """
    kept, warps = np.arange(len(sources)), start
    moved = inside = np.empty_like(sources)
    for side, steps in pyramid:
        source, target = shrink(sources[kept], side), shrink(targets[kept], side)
        for _ in range(steps):
            warps = _step(source, target, warps)
        moved, inside = warp(source, warps)
        fits = np.flatnonzero(correlate(moved, target, inside) >= min_correlation)
        kept, warps = kept[fits], warps.take(fits)
        moved, inside = moved[fits], inside[fits]
    return Aligned(kept=kept, warps=warps, moved=moved, inside=inside > 0)


def shrink(pictures: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Average pictures to a smaller side.

    Args:
        pictures: Shape (n, larger, larger), float32.
        side: A divisor of their side.

    Returns:
        Shape (n, side, side); the same object where nothing is to be done.
    """
    larger = pictures.shape[1]
    if larger == side:
        return pictures
    factor = larger // side
    means = np.repeat(np.eye(side, dtype=np.float32), factor, axis=1) / factor
    return means @ pictures @ means.T


def warp(
    sources: NDArray[np.float32], warps: Warps
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Move pictures with linear interpolation.

    Args:
        sources: Shape (n, side, side), float32.
        warps: Of n pairs.

    Returns:
        The moved pictures, zero where the source has nothing, and a mask that is 1 where
        it has and else 0; both of shape (n, side, side), float32.
    """
    rows, rows_inside = _interpolation(sources.shape[1], warps, axis=0)
    columns, columns_inside = _interpolation(sources.shape[2], warps, axis=1)
    moved = np.asarray(rows @ sources @ columns.transpose(0, 2, 1), dtype=np.float32)
    inside = rows_inside[:, :, None] * columns_inside[:, None, :]
    return moved, np.asarray(inside, dtype=np.float32)


def correlate(
    first: NDArray[np.float32], second: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return Pearson's correlation of each pair inside the mask, shape (n,)."""
    one, two = _standardize(first, mask), _standardize(second, mask)
    return np.einsum("nij,nij->n", one, two)


def _interpolation(
    side: int, warps: Warps, *, axis: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights of linear interpolation along an axis, and what is inside."""
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    scale, shift = warps.scale[:, axis, None], warps.shift[:, axis, None]
    at = (scale * centers + shift) * side - 0.5  # (n, side), in pixels of the source
    distance = np.abs(at[:, :, None] - np.arange(side, dtype=np.float32))
    weights = np.maximum(0, 1 - distance).astype(np.float32)  # (n, side, side)
    inside = (at >= -0.5) & (at <= side - 0.5)
    return weights, inside.astype(np.float32)


def _step(
    source: NDArray[np.float32], target: NDArray[np.float32], warps: Warps
) -> Warps:
    """Take one Gauss-Newton step towards the highest correlation."""
    count, side = len(source), source.shape[1]
    moved, inside = warp(source, warps)
    one, two = _standardize(moved, inside), _standardize(target, inside)
    mean = np.asarray((one + two) / 2, dtype=np.float32)
    down = _slope(mean, axis=1) * inside * side
    right = _slope(mean, axis=2) * inside * side
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side
    jacobian = np.stack(
        [down, down * centers[:, None], right, right * centers], axis=1
    ).reshape(count, 4, side * side)  # (n, 4, pixels)
    residual = (two - one).reshape(count, side * side, 1)
    hessian = jacobian @ jacobian.transpose(0, 2, 1)  # (n, 4, 4)
    damping = _DAMPING * np.trace(hessian, axis1=1, axis2=2) + _TINY
    hessian += damping[:, None, None] * np.eye(4, dtype=np.float32)
    move = np.linalg.solve(hessian, jacobian @ residual)[:, :, 0]  # (n, 4)
    # A move in the target's frame becomes one in the source's: source = s * u + t.
    shift = warps.shift + warps.scale * move[:, 0::2]
    scale = warps.scale * (1 + move[:, 1::2])
    return Warps(
        scale=np.clip(scale, *_SCALES),
        shift=np.clip(shift, -_MAX_SHIFT, _MAX_SHIFT),
    )


def _standardize(
    pictures: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return pictures with mean 0 and norm 1 inside the mask, and 0 outside."""
    share = np.maximum(mask.sum(axis=(1, 2)), 1)
    mean = (pictures * mask).sum(axis=(1, 2)) / share
    centered = (pictures - mean[:, None, None]) * mask
    norm = np.sqrt(np.einsum("nij,nij->n", centered, centered)) + _TINY
    return centered / norm[:, None, None]


def _slope(pictures: NDArray[np.float32], *, axis: int) -> NDArray[np.float32]:
    """Return central differences along an axis; zero at both ends."""
    slope = np.zeros_like(pictures)
    if axis == 1:
        slope[:, 1:-1] = (pictures[:, 2:] - pictures[:, :-2]) / 2
    else:
        slope[:, :, 1:-1] = (pictures[:, :, 2:] - pictures[:, :, :-2]) / 2
    return slope
