"""Removal of burned-in text: everything outside the head goes, inside a rule decides.

What lies outside the head is set to the background without asking whether it is text, so
that this part does not rest on a detector. What lies on the head rests on it.

References:
    DICOM PS3.15, E.3.1 (Clean Pixel Data Option), CID 7050 code 113101.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.head_outline import find_head
from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.text_detection import (
    FrameText,
    TextRegion,
    find_text,
)

CLEAN_PIXEL_DATA = "113101"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRemoval:
    """What was done to the frames of one file.

    Attributes:
        reason: Code why the file must stay in quarantine; empty where it may go on.
        pixels: The frames to go on with; the input's own where `reason` is set.
        found: What the search found in each frame before anything was changed.
        cleared: Pixels outside the head whose value was changed.
        covered: Boxes on the head that were covered.
        codes: Of CID 7050: 113101 after the outside was cleared and nothing was left.
    """

    reason: str
    pixels: StoredPixels
    found: tuple[FrameText, ...]
    cleared: int = 0
    covered: int = 0
    codes: tuple[str, ...] = ()


def clear_around_head(
    pixels: StoredPixels, heads: NDArray[np.bool_]
) -> tuple[StoredPixels, int]:
    """Set everything outside the head to the background.

    Args:
        pixels: Frames of one file; left unchanged.
        heads: Shape (frames, rows, columns), bool.

    Returns:
        New frames of the same type and bits, and how many pixels changed.
    """
    frames: NDArray[Any] = pixels.frames.copy()
    frames[~heads] = pixels.background
    changed = frames != pixels.frames
    if changed.ndim == 4:
        changed = changed.any(axis=3)
    return replace(pixels, frames=frames), int(changed.sum())


def cover_regions(
    pixels: StoredPixels, regions: tuple[tuple[TextRegion, ...], ...]
) -> StoredPixels:
    """Set boxes to the background.

    Args:
        pixels: Frames of one file; left unchanged.
        regions: Boxes of each frame.
    """
    frames = pixels.frames.copy()
    for frame, boxes in zip(frames, regions, strict=True):
        for box in boxes:
            frame[box.window] = pixels.background
    return replace(pixels, frames=frames)


def remove_text(pixels: StoredPixels, spec: TextSpec) -> TextRemoval:
    """Clear what is outside the head, then search what is left.

    Args:
        pixels: Frames of one file; left unchanged.
        spec: Settings.

    Returns:
        What was done. Reasons: "no-head" where no frame shows one, so that nothing says
        what to keep; "text-on-head" where something that is or may be text is left and
        is not to be covered, or was not removed by covering.
    """
    found = find_text(pixels, spec)
    # Text that touches the head, or a bar beside it, must not become part of it.
    heads = find_heads(cover_regions(pixels, tuple(one.regions for one in found)))
    if not heads.any():
        return TextRemoval(reason="no-head", pixels=pixels, found=found)
    cleared, n_cleared = clear_around_head(pixels, heads)
    left = find_text(cleared, spec)
    boxes = _boxes_on_heads(found, left, heads)
    n_covered = sum(map(len, boxes)) if spec.inside_head == "cover" else 0
    if n_covered:
        cleared = cover_regions(cleared, boxes)
        boxes, left = (), find_text(cleared, spec)
    if any(boxes) or any(one.is_flagged for one in left):
        return TextRemoval(reason="text-on-head", pixels=pixels, found=found)
    return TextRemoval(
        reason="",
        pixels=cleared,
        found=found,
        cleared=n_cleared,
        covered=n_covered,
        codes=(CLEAN_PIXEL_DATA,),
    )


def _boxes_on_heads(
    before: tuple[FrameText, ...],
    after: tuple[FrameText, ...],
    heads: NDArray[np.bool_],
) -> tuple[tuple[TextRegion, ...], ...]:
    """Return what clearing did not remove: text that it cut is no row any more."""
    return tuple(
        (*(box for box in first.regions if head[box.window].any()), *second.regions)
        for first, second, head in zip(before, after, heads, strict=True)
    )


def find_heads(pixels: StoredPixels) -> NDArray[np.bool_]:
    """Return the head in each frame.

    Returns:
        Shape (frames, rows, columns), bool.
    """
    return np.stack(
        [
            find_head(np.max(pixels.pictures(frame), axis=0))
            for frame in range(len(pixels.frames))
        ]
    )
