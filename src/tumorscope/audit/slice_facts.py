"""What one look at a slice's pixels tells of the file, whatever the head inside shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

CHANNEL_PAIRS = ((0, 1), (0, 2), (1, 2))
GREY_FILE, GREY_AS_COLOR, NEARLY_GREY, COLOR = (
    "grey file",
    "grey stored as color",
    "nearly grey",
    "color or several sequences",
)
_JPEG_CHROMA = 24
"""Spread of the channels, in 255 levels, that JPEG leaves in a grey picture."""
_STRONG_COLOR = 80
"""Spread of the channels, in 255 levels, of a colored annotation."""
_GREY_SHARE = 0.98
_DARK = 0.1
"""Share of all levels below which a picture's brightest value is taken for noise."""
_FOREGROUND_SHARE = 0.08
_EDGE_SHARE = 0.25
_MARK_SHARE = 0.5
_PIECE_SHARE = 0.004
"""Smallest part of a picture that counts as a piece of head and not as a mark."""
_MARK_GAP_PX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFacts:
    """Facts of one slice.

    Attributes:
        height_px: Rows.
        width_px: Columns.
        bits: 8 or 16.
        channels: How grey and color are stored: one of this module's four words.
        equal_pairs: For each pair of `CHANNEL_PAIRS`, whether both hold the same bits;
            all true for a grey file.
        blank_channels: For each of three channels, whether it has one single value.
        contrast: Range from the 0.5th to the 99.5th percentile over all levels of the
            depth, in [0, 1].
        colored_share: Share of pixels with a strong color, in [0, 1].
        has_bright_edge: Whether all four edges are bright and even: a frame, or a
            background that is not dark.
        marks_px: Bright pixels on the background, well outside every piece of the head:
            letters, skin markers, leftovers of skull stripping.
    """

    height_px: int
    width_px: int
    bits: int
    channels: str
    equal_pairs: tuple[bool, bool, bool]
    blank_channels: tuple[bool, bool, bool]
    contrast: float
    colored_share: float
    has_bright_edge: bool
    marks_px: int


def look_at_slice(pixels: NDArray[Any]) -> SliceFacts:
    """Collect the facts of one slice.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.

    Returns:
        The facts; the input is left unchanged.
    """
    levels = float(np.iinfo(pixels.dtype).max)
    is_grey_file = pixels.ndim == 2
    planes = [pixels] * 3 if is_grey_file else [pixels[..., each] for each in range(3)]
    same, other, third = (
        is_grey_file or bool(np.array_equal(planes[one], planes[two]))
        for one, two in CHANNEL_PAIRS
    )
    first, second, last = (bool(plane.min() == plane.max()) for plane in planes)
    brightest, spread = pixels, np.zeros_like(planes[0])
    if not (same and other):
        brightest = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
        darkest = np.minimum(np.minimum(planes[0], planes[1]), planes[2])
        spread = brightest - darkest
    elif not is_grey_file:
        brightest = np.ascontiguousarray(planes[0])
    low, high = _percentiles(brightest, (0.5, 99.5))
    return SliceFacts(
        height_px=pixels.shape[0],
        width_px=pixels.shape[1],
        bits=8 * pixels.dtype.itemsize,
        channels=_channels(spread, levels=levels, is_grey_file=is_grey_file),
        equal_pairs=(same, other, third),
        blank_channels=(first, second, last),
        contrast=(high - low) / levels,
        colored_share=float((spread > _STRONG_COLOR / 255 * levels).mean()),
        has_bright_edge=_has_bright_edge(brightest, top=max(high, _DARK * levels)),
        marks_px=_marks_px(brightest, top=max(high, _DARK * levels)),
    )


def _percentiles(
    grey: NDArray[Any], percents: tuple[float, float]
) -> tuple[float, float]:
    """Return two percentiles from the histogram, which is faster than sorting."""
    levels = int(np.iinfo(grey.dtype).max) + 1
    counts = cv2.calcHist([grey], [0], None, [levels], [0, levels])
    reached = np.cumsum(counts, dtype=np.float64) / grey.size
    low, high = (int(np.searchsorted(reached, each / 100)) for each in percents)
    return float(low), float(high)


def _channels(spread: NDArray[Any], *, levels: float, is_grey_file: bool) -> str:
    if is_grey_file:
        return GREY_FILE
    if not spread.any():
        return GREY_AS_COLOR
    # A colored letter on a grey picture leaves it nearly grey.
    is_grey = spread <= _JPEG_CHROMA / 255 * levels
    return NEARLY_GREY if is_grey.mean() >= _GREY_SHARE else COLOR


def _has_bright_edge(grey: NDArray[Any], *, top: float) -> bool:
    """Return whether each edge is one line of like, bright values."""
    edges = (grey[0], grey[-1], grey[:, 0], grey[:, -1])
    return all(
        float(edge.min()) >= _EDGE_SHARE * top and float(np.ptp(edge)) <= 0.1 * top
        for edge in edges
    )


def _marks_px(grey: NDArray[Any], *, top: float) -> int:
    """Count bright pixels outside the hull of everything that is as large as a head."""
    foreground = (grey > _FOREGROUND_SHARE * top).astype(np.uint8)
    outlines = cv2.findContours(foreground, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[
        0
    ]
    pieces = [
        line for line in outlines if cv2.contourArea(line) >= _PIECE_SHARE * grey.size
    ]
    if not pieces:
        return 0
    head = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(head, cv2.convexHull(np.concatenate(pieces)), 1)
    side = 2 * _MARK_GAP_PX + 1
    near = cv2.dilate(head, np.ones((side, side), np.uint8))
    return int(((grey > _MARK_SHARE * top) & (near == 0)).sum())
