"""Fixed checks of what every MRI head slice has in common, each with its reason in words.

They know no training data. A limit is set so that real brain slices hardly ever fail it;
where those of a model's own training part do, its gate is told to be lenient or silent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.gate_spec import CheckName
from tumorscope.input_gate.outline import Outline
from tumorscope.input_gate.picture import HeadPicture

Severity = Literal["flag", "refuse"]

SMALLEST_SIDE_PX = 48
LARGEST_ASPECT = 2.0
COLOR_SHARE = 0.02
EMPTY_SHARE = 0.01
DARK_SHARE = 0.35
BRIGHT_EDGE = 0.5
SECOND_PART = 0.4
TILE_PART = 0.6
SMALL_PARTS = 8
CUT_OFF_SHARE = 0.35
ELLIPSE_FLAG, ELLIPSE_REFUSE = 0.75, 0.45
ELONGATION = 2.2
MIRROR_OVERLAP = 0.72
BONE_SHARE, BONE_RATIO = 0.6, 2.2
STRAY_SHARE = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fixed check that a slice failed.

    Attributes:
        check: Name of the check.
        severity: "refuse" where the model should not score it, else "flag".
        reason: What was found, in words.
    """

    check: CheckName
    severity: Severity
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    picture: HeadPicture
    outline: Outline
    sequences: int


def find_faults(
    picture: HeadPicture, outline: Outline, *, sequences: int
) -> tuple[Finding, ...]:
    """Return the fixed checks that a slice fails, in the order of the names.

    Args:
        picture: The slice in the gate's frame.
        outline: Of its foreground.
        sequences: 1 or 3: how many the slices of the training data have.
    """
    looked_at = _Slice(picture=picture, outline=outline, sequences=sequences)
    return tuple(
        finding for check in CHECKS if (finding := check(looked_at)) is not None
    )


def _check_size(one: _Slice) -> Finding | None:
    height, width = one.picture.whole.shape
    if min(height, width) >= SMALLEST_SIDE_PX:
        return None
    reason = f"too small: {width} x {height} pixels, under {SMALLEST_SIDE_PX}"
    return Finding(check="too small", severity="refuse", reason=reason)


def _check_aspect(one: _Slice) -> Finding | None:
    height, width = one.picture.whole.shape
    if max(height, width) <= LARGEST_ASPECT * min(height, width):
        return None
    reason = f"elongated: {width} x {height} pixels is no frame of a head slice"
    return Finding(check="elongated", severity="refuse", reason=reason)


def _check_color(one: _Slice) -> Finding | None:
    share = one.picture.color_share
    if one.sequences == 1 and share > COLOR_SHARE:
        reason = "a color picture, but the training slices are grey"
        return Finding(check="color", severity="refuse", reason=reason)
    if one.sequences == 3 and share == 0:
        reason = "one sequence in all channels, but the training slices have three"
        return Finding(check="one sequence", severity="flag", reason=reason)
    return None


def _check_content(one: _Slice) -> Finding | None:
    if one.outline.area_share >= EMPTY_SHARE:
        return None
    reason = "almost empty: the largest bright part covers under 1 % of the picture"
    return Finding(check="almost empty", severity="flag", reason=reason)


def _check_background(one: _Slice) -> Finding | None:
    dark = 1 - float(one.picture.foreground.mean())
    edge = _edge_values(one.picture.whole)
    if dark >= DARK_SHARE and float(np.median(edge)) < BRIGHT_EDGE:
        return None
    if float(np.median(edge)) > BRIGHT_EDGE and float(edge.std()) < 0.1:
        reason = "inverted, or on white: the picture's edge is bright and even"
        return Finding(check="inverted", severity="refuse", reason=reason)
    if dark < DARK_SHARE / 3:
        reason = "no dark background: hardly any pixel is as dark as air around a head"
        return Finding(check="no dark background", severity="refuse", reason=reason)
    reason = (
        "little dark background: a photo, an X-ray, or a head that fills the picture"
    )
    return Finding(check="no dark background", severity="flag", reason=reason)


def _check_parts(one: _Slice) -> Finding | None:
    outline = one.outline
    if outline.row_gap and outline.column_gap and outline.second_part_share > TILE_PART:
        reason = "several pictures in one: dark lines part it into like pieces"
        return Finding(check="tiled", severity="refuse", reason=reason)
    if outline.second_part_share > SECOND_PART:
        reason = "several bright parts of like size instead of one head"
        return Finding(check="several parts", severity="flag", reason=reason)
    return None


def _check_writing(one: _Slice) -> Finding | None:
    if one.outline.small_parts < SMALL_PARTS:
        return None
    reason = f"writing or marks: {one.outline.small_parts} bright parts beside the head"
    return Finding(check="writing", severity="flag", reason=reason)


def _check_edge(one: _Slice) -> Finding | None:
    if one.outline.edge_share < CUT_OFF_SHARE:
        return None
    reason = "cut off: bright tissue touches much of the picture's edge"
    return Finding(check="cut off", severity="flag", reason=reason)


def _check_shape(one: _Slice) -> Finding | None:
    outline = one.outline
    if outline.area_share < EMPTY_SHARE:
        return None
    if outline.ellipse_overlap < ELLIPSE_REFUSE:
        reason = "not head-shaped: the outline is far from an ellipse"
        return Finding(check="not head-shaped", severity="refuse", reason=reason)
    if outline.ellipse_overlap < ELLIPSE_FLAG or outline.elongation > ELONGATION:
        reason = "hardly head-shaped: the outline is no ellipse of a head's proportions"
        return Finding(check="not head-shaped", severity="flag", reason=reason)
    return None


def _check_symmetry(one: _Slice) -> Finding | None:
    if (
        one.outline.area_share < EMPTY_SHARE
        or one.outline.mirror_overlap >= MIRROR_OVERLAP
    ):
        return None
    reason = (
        "not symmetric: the outline is not its own mirror image (a sagittal slice?)"
    )
    return Finding(check="not symmetric", severity="flag", reason=reason)


def _check_bone(one: _Slice) -> Finding | None:
    """Find the closed, brightest ring of bone that CT has and MRI has not."""
    plane = one.picture.sequences.mean(axis=0)
    inside = one.picture.inside
    if not inside.any():
        return None
    edge_px = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    deep = float(edge_px.max())
    rim, middle = inside & (edge_px < 0.3 * deep), edge_px > 0.4 * deep
    brightest = (plane > 0.9) & inside
    if not brightest.any() or not middle.any():
        return None
    in_rim = float((brightest & rim).sum() / brightest.sum())
    ratio = float(plane[brightest].mean() / max(np.median(plane[middle]), 1e-3))
    covered = float(brightest.sum() / inside.sum())
    if in_rim < 0.97 or ratio < BONE_RATIO or covered < 0.08:
        return None
    reason = "bone is brightest: a closed bright ring around even tissue, as in CT"
    return Finding(check="bone brightest", severity="flag", reason=reason)


def _check_noise(one: _Slice) -> Finding | None:
    """Find air that is as bright as tissue in many places."""
    outline = one.outline
    head = outline.area_share * (1 - outline.hole_share)
    if float(one.picture.foreground.mean()) - head < STRAY_SHARE:
        return None
    reason = (
        "heavy noise, ghosts or marks: much of what is bright lies outside the head"
    )
    return Finding(check="noise", severity="flag", reason=reason)


def _edge_values(whole: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([whole[0], whole[-1], whole[:, 0], whole[:, -1]])


CHECKS: tuple[Callable[[_Slice], Finding | None], ...] = (
    _check_size,
    _check_aspect,
    _check_color,
    _check_content,
    _check_background,
    _check_parts,
    _check_writing,
    _check_edge,
    _check_shape,
    _check_symmetry,
    _check_bone,
    _check_noise,
)
