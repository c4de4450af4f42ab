"""Whether a frame shows burned-in text, and where.

Found is type of 8 to 24 px in rows, light or dark. Not found is what runs upwards, is
handwritten, is larger than 30 px, or stands alone as one or two letters. Hence a frame
without findings is called clean of *found* text, and no code is written for it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.stroke_rows import find_rows, stroke_maps
from tumorscope.deid.pixels.text_score import score_row

TextOutcome = Literal["clean", "text", "unsure"]
_MARGIN_PX = 2
SMALLEST_SIDE_PX = 32
"""Smaller frames hold no line of type, and too few pixels to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRegion:
    """A box around a row that looks like text.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
        score: Log odds of its best part.
    """

    top: int
    left: int
    height: int
    width: int
    score: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Where it is in the frame."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameText:
    """What the search of one frame came to.

    Attributes:
        outcome: "text" where a row passes the upper score, "unsure" where one passes the
            lower, or the frame cannot be judged; "clean" otherwise.
        regions: Boxes of both kinds, best first.
    """

    outcome: TextOutcome
    regions: tuple[TextRegion, ...] = ()

    @property
    def is_flagged(self) -> bool:
        """Whether the frame is not clean."""
        return self.outcome != "clean"


def find_text(pixels: StoredPixels, spec: TextSpec) -> tuple[FrameText, ...]:
    """Search every frame for burned-in text.

    Args:
        pixels: Frames of one file.
        spec: Settings.

    Returns:
        One finding for each frame.
    """
    return tuple(
        find_text_in_frame(pixels.pictures(frame), spec)
        for frame in range(len(pixels.frames))
    )


def find_text_in_frame(
    pictures: tuple[NDArray[np.float32], ...], spec: TextSpec
) -> FrameText:
    """Search one frame.

    Args:
        pictures: Gray pictures of the frame, shape (rows, columns) each: one, or one for
            each color, because colored type may have the gray of what it stands on.
        spec: Settings.
    """
    shape = pictures[0].shape
    if min(shape) < SMALLEST_SIDE_PX:
        return FrameText(outcome="unsure")
    marks = np.full(shape, -np.inf, np.float64)
    for picture in pictures:
        _mark_rows(marks, picture, spec)
    regions = _boxes(marks)
    if not regions:
        return FrameText(outcome="clean")
    is_text = regions[0].score >= spec.text_score
    return FrameText(outcome="text" if is_text else "unsure", regions=regions)


def _mark_rows(
    marks: NDArray[np.float64], picture: NDArray[np.float32], spec: TextSpec
) -> None:
    """Write the score of each row that may be text into its box, in place."""
    for maps in stroke_maps(picture):
        for row in find_rows(maps):
            score = score_row(maps, row)
            if score >= spec.unsure_score:
                rows, columns = row.window
                box = marks[
                    max(rows.start - _MARGIN_PX, 0) : rows.stop + _MARGIN_PX,
                    max(columns.start - _MARGIN_PX, 0) : columns.stop + _MARGIN_PX,
                ]
                np.maximum(box, score, out=box)


def _boxes(marks: NDArray[np.float64]) -> tuple[TextRegion, ...]:
    """Return one box around each connected part of the marks, best first."""
    marked = np.isfinite(marks).astype(np.uint8)
    count, labels, found, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    regions = [
        TextRegion(
            left=int(found[label][0]),
            top=int(found[label][1]),
            width=int(found[label][2]),
            height=int(found[label][3]),
            score=float(marks[labels == label].max()),
        )
        for label in range(1, count)
    ]
    return tuple(sorted(regions, key=lambda one: -one.score))
