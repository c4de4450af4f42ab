"""A slice and its map as a picture that may leave for a PACS.

Unlike an image file, a slice of a study says which side is which, so that the patient's sides
are labelled. What the picture is for stands in its pixels, because viewers drop everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.orientation import RADIOLOGICAL
from tumorscope.domain.series_result import PIXEL_NOTICE
from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.colors import Picture, color_map, value_range

PANEL_SIDE_PX = 448
"""Length that the longer side of each panel is enlarged to, at least."""
_WHITE_LEVEL = 65_535
_STRONGEST_ALPHA = 0.6
_LINE_PX = 24
_PAPER = 16
_INK = (235, 235, 235)
_LETTER_SCALE = 0.8
_LETTER_PX = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    color: tuple[int, int, int]
    scale: float = 0.5
    thickness: int = 1


_NOTICE = _Style(color=(255, 207, 103), scale=0.75, thickness=2)


def draw_capture(
    pixels: NDArray[np.uint16],
    attribution: Attribution,
    lines: tuple[str, ...],
    *,
    orientation: str,
) -> Picture:
    """Draw the slice alone on the left, and under its map on the right.

    Args:
        pixels: Shape (height, width), windowed to 0 ... 65535.
        attribution: Its map has the same shape. Its name is not drawn.
        lines: Written below, ASCII; without anything that identifies a patient.
        orientation: Where columns, rows and slices grow to: "LPS".

    Returns:
        Shape (picture height, picture width, 3), uint8, RGB.

    Raises:
        DataError: If shapes differ, or the sides are not those of "LPS".
    """
    if orientation != RADIOLOGICAL:
        raise DataError(f"sides of {orientation} are not known: use {RADIOLOGICAL}")
    if pixels.shape != attribution.map.shape:
        raise DataError(
            f"slice {pixels.shape} and map {attribution.map.shape} differ in shape"
        )
    scale = max(1, -(-PANEL_SIDE_PX // max(pixels.shape)))
    size = (pixels.shape[1] * scale, pixels.shape[0] * scale)
    gray = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    shown = np.clip(gray / _WHITE_LEVEL * 255, 0, 255).astype(np.uint8)
    plain = np.repeat(shown[..., None], 3, axis=2)  # (height, width, 3)
    heat = _blend(plain, attribution, size)
    for panel in (plain, heat):
        _label_sides(panel)
    row = np.concatenate([plain, heat], axis=1)
    return np.concatenate(
        [
            _text_block((PIXEL_NOTICE,), row.shape[1], _NOTICE),
            row,
            _text_block(lines, row.shape[1], _Style(color=_INK)),
            _text_block((PIXEL_NOTICE,), row.shape[1], _NOTICE),
        ]
    )


def _blend(plain: Picture, attribution: Attribution, size: tuple[int, int]) -> Picture:
    enlarged = cv2.resize(attribution.map, size, interpolation=cv2.INTER_LINEAR)
    colors, strength = color_map(
        enlarged.astype(np.float32, copy=False),
        value_range(attribution),
        signed=attribution.signed,
    )
    alpha = (_STRONGEST_ALPHA * strength)[..., None]
    blended: NDArray[Any] = plain * (1 - alpha) + colors * alpha
    return np.rint(blended).astype(np.uint8)


def _label_sides(panel: Picture) -> None:
    """Write the patient's sides: the picture's left is the patient's right."""
    height, width = panel.shape[:2]
    middle = width // 2 - _LETTER_PX // 2, height // 2 + _LETTER_PX // 2
    corners = {
        "R": (6, middle[1]),
        "L": (width - _LETTER_PX, middle[1]),
        "A": (middle[0], _LETTER_PX + 2),
        "P": (middle[0], height - 8),
    }
    for letter, corner in corners.items():
        for color, thickness in (((0, 0, 0), 4), (_INK, 2)):
            style = _Style(color=color, scale=_LETTER_SCALE, thickness=thickness)
            _write(panel, letter, corner, style)


def _text_block(lines: tuple[str, ...], width: int, style: _Style) -> Picture:
    block = np.full((_LINE_PX * len(lines) + 8, width, 3), _PAPER, dtype=np.uint8)
    for number, text in enumerate(lines):
        corner = (8, _LINE_PX * number + 20)
        _write(block, text, corner, style)
    return block


def _write(picture: Picture, text: str, corner: tuple[int, int], style: _Style) -> None:
    plain = text.encode("ascii", "replace").decode("ascii")
    cv2.putText(
        picture,
        plain,
        corner,
        cv2.FONT_HERSHEY_SIMPLEX,
        style.scale,
        style.color,
        style.thickness,
        cv2.LINE_AA,
    )
