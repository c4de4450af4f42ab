"""Where the head is in a slice, whatever was done to the slice's grey levels.

A copy that was padded, cropped outside the head or resized has the same head in another
place. The rule must therefore give the same box before and after gamma, window, inversion,
JPEG and resizing: half of Otsu's threshold, but never inside the noise of the corners, gave
a box that moved by more than 7 % of its side in the fewest altered slices of a phantom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_CORNER_SHARE = 0.06
"""Side of the four corners that show background, as a share of the shorter side."""
_CONSTANT_SHARE = 0.02
"""A line whose grey levels spread less than this share of the range is padding."""
_LINE_SHARE = 0.03
"""A line is part of the head if more than this share of its pixels is foreground."""
_MIN_SIDE_PX = 8
_SAMPLES = 64
"""Pixels along the shorter side that the range of grey levels is taken from."""
_LEVELS = 255.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """The box around the head.

    Attributes:
        top: First row of the box.
        bottom: Row after the last.
        left: First column.
        right: Column after the last.
        touches_frame: Whether the box reaches the edge of what is left without lines of
            one grey level, on any side: only then can a crop have cut the head. True for
            every head on a background of one level, which may as well be padding.
        is_inverted: Whether the background is bright.
    """

    top: int
    bottom: int
    left: int
    right: int
    touches_frame: bool
    is_inverted: bool


def find_foreground(grey: NDArray[np.float32]) -> Foreground:
    """Find the box around the head.

    Args:
        grey: Shape (height, width), float32, any range.

    Returns:
        The box; the whole picture where nothing stands out from the background.

    References:
        Otsu N. A threshold selection method from gray-level histograms. IEEE Trans Syst
        Man Cybern 1979;9:62-66.
    """
    step = max(1, min(grey.shape) // _SAMPLES)
    low, high = pick_quantiles(grey[::step, ::step], (0.005, 0.995))
    frame = _without_padding(grey, tolerance=_CONSTANT_SHARE * (high - low))
    top, bottom, left, right = frame
    levels, noise, is_inverted = _background_to_zero(
        grey[top:bottom, left:right], low, high
    )
    smooth = cv2.medianBlur(levels, 5)
    threshold, _ = cv2.threshold(smooth, 0, _LEVELS, cv2.THRESH_OTSU)
    inside = smooth > max(threshold / 2, noise)
    rows, columns = _span(inside.mean(axis=1)), _span(inside.mean(axis=0))
    height, width = inside.shape
    if rows is None or columns is None:
        rows, columns = (0, height), (0, width)
    slack_px = max(1, round(0.01 * min(height, width)))
    touches = min(rows[0], columns[0], height - rows[1], width - columns[1]) <= slack_px
    return Foreground(
        top=top + rows[0],
        bottom=top + rows[1],
        left=left + columns[0],
        right=left + columns[1],
        touches_frame=touches,
        is_inverted=is_inverted,
    )


def pick_quantiles(values: NDArray[np.float32], shares: Sequence[float]) -> list[float]:
    """Return the values at these shares of the order; quick, and without interpolation.

    Args:
        values: Any shape, at least one value.
        shares: In [0, 1].
    """
    ordered = np.sort(values, axis=None)
    return [float(ordered[round(share * (ordered.size - 1))]) for share in shares]


def _without_padding(
    grey: NDArray[np.float32], *, tolerance: float
) -> tuple[int, int, int, int]:
    """Return the box of the lines that are not of one grey level."""
    whole = (0, grey.shape[0], 0, grey.shape[1])
    spread_rows = np.flatnonzero(np.ptp(grey, axis=1) > tolerance)
    spread_columns = np.flatnonzero(np.ptp(grey, axis=0) > tolerance)
    if min(len(spread_rows), len(spread_columns)) < _MIN_SIDE_PX:
        return whole
    return (
        int(spread_rows[0]),
        int(spread_rows[-1]) + 1,
        int(spread_columns[0]),
        int(spread_columns[-1]) + 1,
    )


def _background_to_zero(
    grey: NDArray[np.float32], low: float, high: float
) -> tuple[NDArray[np.uint8], float, bool]:
    """Return the picture with background 0, the corners' noise, and if it was inverted."""
    side = max(4, round(_CORNER_SHARE * min(grey.shape)))
    corners = [
        pick_quantiles(grey[rows, columns], (0.02, 0.5, 0.98))
        for rows in (slice(side), slice(-side, None))
        for columns in (slice(side), slice(-side, None))
    ]
    background = sum(sorted(middle for _, middle, _ in corners)[1:3]) / 2
    is_inverted = background - low > high - background
    far = low if is_inverted else high
    scale = _LEVELS / (far - background) if far != background else 0.0
    levels = np.clip((grey - background) * scale, 0, _LEVELS).astype(np.uint8)
    # The head may fill a corner or two: the second quietest one is background.
    peaks = (each[0] if is_inverted else each[2] for each in corners)
    noise = sorted((peak - background) * scale for peak in peaks)[1]
    return levels, max(noise, 0.0), is_inverted


def _span(share: NDArray[np.float64]) -> tuple[int, int] | None:
    lines = np.flatnonzero(share > _LINE_SHARE)
    if len(lines) < _MIN_SIDE_PX:
        return None
    return int(lines[0]), int(lines[-1]) + 1
