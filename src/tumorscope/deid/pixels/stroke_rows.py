"""Rows of thin, high-contrast strokes: what burned-in text is made of.

A top-hat keeps what is thinner than a stroke of a letter, light or dark; strokes that
stand side by side are joined into rows. Reading letters is not tried: recognition fails
on small type where detection does not.

References:
    Soille, Morphological Image Analysis (2003), section 4.5: top-hat transforms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STROKE_PX = 9
"""Strokes of type up to 24 px, bold included, are thinner."""
THRESHOLDS = (48, 84, 132)
"""Contrast of a stroke, of 255: the lower finds gray text, the upper parts text from
anatomy that it touches."""
GAPS_PX = (4, 8, 14)
"""Gaps between letters that are bridged, for small, middle and large type."""
HEIGHT_PX = (5, 30)
LEAST_ASPECT = 1.8
_RANGE_PERCENTILE = 99.9

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrokeMaps:
    """One picture, seen for strokes of one polarity.

    Attributes:
        shown: Shape (rows, columns), uint8: the picture, its strokes bright.
        contrast: Same: how far each pixel rises above what is wider than a stroke.
        steps: Shape (rows, columns - 1), uint8: change from column to column.
        values: Shape (rows, columns), float32: 0 to 1, and above for what is brighter
            than nearly all of the picture; not clipped.
    """

    shown: Gray
    contrast: Gray
    steps: Gray
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrokeRow:
    """A row of strokes: a candidate.

    Attributes:
        top: First row of its box.
        left: First column.
        strokes: Shape (height, width), bool: pixels of strokes.
        joined: Shape (height, width), bool: the same with the gaps bridged.
        crowding: Share of stroke pixels above and below the box, in [0, 1]: type has a
            line to itself, noise does not.
    """

    top: int
    left: int
    strokes: NDArray[np.bool_]
    joined: NDArray[np.bool_]
    crowding: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the box is in the picture."""
        height, width = self.strokes.shape
        return (
            slice(self.top, self.top + height),
            slice(self.left, self.left + width),
        )


def stroke_maps(picture: NDArray[np.float32]) -> tuple[StrokeMaps, ...]:
    """Return a picture prepared for light and for dark strokes.

    Args:
        picture: Shape (rows, columns), float32, any unit.

    Returns:
        Two maps, light first; none for a picture of one value.
    """
    low = float(picture.min())
    high = float(np.percentile(picture, _RANGE_PERCENTILE))
    if high <= low:
        high = float(picture.max())
    if high <= low:
        return ()
    values = (picture - low) / (high - low)
    light = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return _maps(light, values), _maps(255 - light, 1 - values)


def _maps(shown: Gray, values: NDArray[np.float32]) -> StrokeMaps:
    square = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    return StrokeMaps(
        shown=shown,
        contrast=cv2.morphologyEx(shown, cv2.MORPH_TOPHAT, square).astype(np.uint8),
        steps=cv2.absdiff(shown[:, 1:], shown[:, :-1]).astype(np.uint8),
        values=values,
    )


def find_rows(maps: StrokeMaps) -> Iterator[StrokeRow]:
    """Yield every row of strokes, whether it is text or not.

    Args:
        maps: One polarity of a picture.
    """
    for threshold in THRESHOLDS:
        strokes = (maps.contrast > threshold).astype(np.uint8)
        for gap in GAPS_PX:
            bridge = np.ones((1, gap), np.uint8)
            joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, bridge)
            yield from _rows_of(strokes, joined.astype(np.uint8))


def _rows_of(strokes: Gray, joined: Gray) -> Iterator[StrokeRow]:
    count, labels, found, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    width, height = found[:, cv2.CC_STAT_WIDTH], found[:, cv2.CC_STAT_HEIGHT]
    fits = (height >= HEIGHT_PX[0]) & (height <= HEIGHT_PX[1])
    fits &= width >= LEAST_ASPECT * height
    for label in np.flatnonzero(fits[1:count]) + 1:
        left, top, wide, high = (int(number) for number in found[label][:4])
        own = labels[top : top + high, left : left + wide] == label
        inside = strokes[top : top + high, left : left + wide] > 0
        yield StrokeRow(
            top=top,
            left=left,
            strokes=inside & own,
            joined=own,
            crowding=_crowding(strokes[:, left : left + wide], top, top + high),
        )


def _crowding(strokes: Gray, top: int, bottom: int) -> float:
    """Return the share of stroke pixels in the lines next to a row of strokes."""
    reach = max(3, (bottom - top) // 2)
    above, below = strokes[max(top - reach, 0) : top], strokes[bottom : bottom + reach]
    return float(np.concatenate([above, below]).mean())
