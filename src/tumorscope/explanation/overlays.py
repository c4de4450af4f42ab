"""Pictures of an attribution: the slice, a heat overlay and contours, side by side.

The slice is drawn as it is stored: never flipped, and without side labels,
because an image file does not say which side is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import DataError
from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.colors import (
    RANK_COLORS,
    SIGNED_COLORS,
    Picture,
    color_map,
    value_range,
)
from tumorscope.explanation.trivial_maps import TRIVIAL_METHODS

PANEL_SIDE_PX = 384
"""Length that the longer side of each panel is enlarged to, at least."""

_STRONGEST_ALPHA = 0.75
_GAP_PX = 12
_LINE_PX = 22
_BAR_PX = 12
_DASH_PX = 9
_INK = (235, 235, 235)
_QUIET_INK = (170, 170, 170)
_PAPER = 16
_CONTOUR_COLOR = (255, 207, 103)
_MASK_COLOR = (240, 240, 255)
_SHADOW = (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.48


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is drawn and said beside the map.

    Attributes:
        mask: Shape (height, width), bool: the reference mask; None where there is none.
        tau: The map's cut-off, chosen on the tuning part; None draws the contour at half
            of the map's highest value above its lowest (or above zero, where signed).
    """

    mask: NDArray[np.bool_] | None = None
    tau: float | None = None


def draw_overlay(
    pixels: NDArray[Any], attribution: Attribution, reference: Reference
) -> Picture:
    """Draw one attribution over its slice.

    Left the slice alone, in the middle the map as color (the stronger, the more opaque),
    right a solid line around what lies above the cut-off. The reference mask, where there
    is one, is a dashed line of another color in the middle and on the right.

    Args:
        pixels: Shape (height, width), any unit: the channel to show, as stored.
        attribution: Its map has the same shape.
        reference: Mask and cut-off.

    Returns:
        Shape (picture height, picture width, 3), uint8, RGB. Inputs are left unchanged.

    Raises:
        DataError: If shapes differ.
    """
    shapes = {pixels.shape, attribution.map.shape}
    if reference.mask is not None:
        shapes.add(reference.mask.shape)
    if len(shapes) != 1:
        raise DataError(
            f"{attribution.image}: slice, map and mask must share one shape (height, "
            f"width); found {sorted(shapes, key=str)}"
        )
    scale = max(1, -(-PANEL_SIDE_PX // max(pixels.shape)))
    plain = _enlarged_slice(pixels, scale)
    seen = (
        np.ones(pixels.shape, np.bool_)
        if attribution.seen is None
        else attribution.seen
    )
    # Filled-in values would bleed over the edge of what was seen.
    neutral = 0 if attribution.signed else attribution.map.min()
    enlarged_map = _enlarge(np.where(seen, attribution.map, neutral), scale)
    enlarged_seen = _repeated(seen, scale)
    heat = _blend(plain, enlarged_map, enlarged_seen, attribution)
    contour = plain.copy()
    level = _contour_level(attribution, reference.tau)
    _draw_solid(contour, (enlarged_map > level) & enlarged_seen)
    if reference.mask is not None:
        for panel in (heat, contour):
            _draw_dashed(panel, _repeated(reference.mask, scale))
    row = _side_by_side([plain, heat, contour])
    scale_bar = _color_bar(row.shape[1], attribution)
    lines = _caption(attribution, reference, level)
    return np.concatenate([row, scale_bar, _text_block(lines, row.shape[1])])


def stack_pictures(pictures: list[Picture]) -> Picture:
    """Put pictures below each other, for instance one method in each row.

    Args:
        pictures: Each of shape (height, width, 3), uint8; narrower ones are filled up on
            the right.

    Returns:
        Shape (sum of heights, largest width, 3), uint8.

    Raises:
        DataError: If there is no picture.
    """
    if not pictures:
        raise DataError("no picture to stack: give at least one")
    width = max(picture.shape[1] for picture in pictures)
    return np.concatenate(
        [
            np.pad(
                picture,
                ((0, 0), (0, width - picture.shape[1]), (0, 0)),
                constant_values=_PAPER,
            )
            for picture in pictures
        ]
    )


def encode_png(picture: Picture) -> bytes:
    """Encode a picture as PNG.

    Args:
        picture: Shape (height, width, 3), uint8, RGB.

    Returns:
        The file's bytes.

    Raises:
        DataError: If the array is no RGB picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise DataError(
            "a picture has shape (height, width, 3) and dtype uint8; found "
            f"{picture.shape} and {picture.dtype}"
        )
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise DataError(f"a picture of shape {picture.shape} cannot be encoded as PNG")
    return data.tobytes()


def _enlarged_slice(pixels: NDArray[Any], scale: int) -> Picture:
    shown = pixels.astype(np.float32)
    lit = shown[shown > shown.min()]
    low, high = (shown.min(), np.percentile(lit, 99.5)) if lit.size else (0.0, 1.0)
    grey = np.clip((shown - low) / max(float(high - low), 1e-12), 0, 1)
    large = np.clip(_enlarge(grey, scale), 0, 1)
    return np.repeat((large[..., None] * 255).astype(np.uint8), 3, axis=2)


def _enlarge(values: NDArray[Any], scale: int) -> NDArray[np.float32]:
    size = (values.shape[1] * scale, values.shape[0] * scale)
    return cv2.resize(
        values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR
    ).astype(np.float32, copy=False)


def _repeated(mask: NDArray[np.bool_], scale: int) -> NDArray[np.bool_]:
    # No interpolation: the outline follows the mask's own pixels.
    return np.repeat(np.repeat(mask, scale, axis=0), scale, axis=1)


def _blend(
    plain: Picture,
    enlarged_map: NDArray[np.float32],
    enlarged_seen: NDArray[np.bool_],
    attribution: Attribution,
) -> Picture:
    colors, strength = color_map(
        enlarged_map, value_range(attribution), signed=attribution.signed
    )
    alpha = (_STRONGEST_ALPHA * strength * enlarged_seen)[..., None]
    return np.rint(plain * (1 - alpha) + colors * alpha).astype(np.uint8)


def _contour_level(attribution: Attribution, tau: float | None) -> float:
    if tau is not None:
        return tau
    low, high = float(attribution.map.min()), float(attribution.map.max())
    if attribution.signed:
        return max(high, 0.0) / 2
    return (low + high) / 2


def _outlines(region: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    found, _ = cv2.findContours(
        region.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
    )
    return [np.asarray(outline, dtype=np.int32) for outline in found]


def _draw_solid(panel: Picture, region: NDArray[np.bool_]) -> None:
    outlines = _outlines(region)
    cv2.drawContours(panel, outlines, -1, _SHADOW, 4, cv2.LINE_AA)
    cv2.drawContours(panel, outlines, -1, _CONTOUR_COLOR, 2, cv2.LINE_AA)


def _draw_dashed(panel: Picture, region: NDArray[np.bool_]) -> None:
    # White dashes on a black line show on dark, bright and colored ground.
    outlines = _outlines(region)
    cv2.drawContours(panel, outlines, -1, _SHADOW, 2, cv2.LINE_8)
    for outline in outlines:
        dashes = [
            outline[start : start + _DASH_PX]
            for start in range(0, len(outline), 2 * _DASH_PX)
        ]
        cv2.polylines(panel, dashes, isClosed=False, color=_MASK_COLOR, thickness=2)


def _side_by_side(panels: list[Picture]) -> Picture:
    gap = np.full((panels[0].shape[0], _GAP_PX, 3), _PAPER, dtype=np.uint8)
    parts = [panels[0]]
    for panel in panels[1:]:
        parts += [gap, panel]
    return np.concatenate(parts, axis=1)


def _color_bar(width: int, attribution: Attribution) -> Picture:
    table = SIGNED_COLORS if attribution.signed else RANK_COLORS
    block = np.full((_LINE_PX, width, 3), _PAPER, dtype=np.uint8)
    left, right = width // 3, 2 * width // 3
    place = np.linspace(0, 255, right - left).astype(np.uint8)
    block[5 : 5 + _BAR_PX, left:right] = table[place]
    low, high = value_range(attribution)
    words = ("against tumor", "towards tumor") if _is_learned(attribution) else ("", "")
    left_text, right_text = f"{words[0]} {low:.2g}".strip(), f"{high:.2g} {words[1]}"
    text_width = cv2.getTextSize(left_text, _FONT, _FONT_SCALE, 1)[0][0]
    _write(block, left_text, (max(0, left - text_width - 8), 16), _INK)
    _write(block, right_text.strip(), (right + 8, 16), _INK)
    return block


def _is_learned(attribution: Attribution) -> bool:
    return attribution.method not in TRIVIAL_METHODS


def _caption(
    attribution: Attribution, reference: Reference, level: float
) -> list[tuple[str, tuple[int, int, int]]]:
    meaning = (
        "pixels that moved the score" if _is_learned(attribution) else "trivial map"
    )
    origin = "the tuning part's cut-off" if reference.tau is not None else "half scale"
    dashed = "; dashed: reference mask" if reference.mask is not None else ""
    probability = f"tumor_probability {attribution.tumor_probability:.2f}"
    return [
        (attribution.image, _INK),
        (f"{attribution.method}: {meaning}, {probability}", _INK),
        (f"solid: map above {level:.3g} ({origin}){dashed}", _QUIET_INK),
        (f"Shown as stored, sides unknown. {RESEARCH_USE}", _QUIET_INK),
    ]


def _text_block(lines: list[tuple[str, tuple[int, int, int]]], width: int) -> Picture:
    block = np.full((_LINE_PX * len(lines) + 8, width, 3), _PAPER, dtype=np.uint8)
    for number, (text, color) in enumerate(lines):
        _write(block, _fitted(text, width), (6, _LINE_PX * number + 16), color)
    return block


def _fitted(text: str, width: int) -> str:
    # The font has ASCII only; of a long name the end tells slices apart.
    plain = text.encode("ascii", "replace").decode("ascii")
    if cv2.getTextSize(plain, _FONT, _FONT_SCALE, 1)[0][0] <= width - 12:
        return plain
    shown = plain
    while len(shown) > 1 and (
        cv2.getTextSize(f"...{shown}", _FONT, _FONT_SCALE, 1)[0][0] > width - 12
    ):
        shown = shown[1:]
    return f"...{shown}"


def _write(
    block: Picture, text: str, corner: tuple[int, int], color: tuple[int, int, int]
) -> None:
    cv2.putText(block, text, corner, _FONT, _FONT_SCALE, color, 1, cv2.LINE_AA)
