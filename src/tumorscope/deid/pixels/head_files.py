"""Files of one frame of reference to volumes, and what is done about their faces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.elements import DataSet, text_of
from tumorscope.deid.pixels.head_stacks import (
    CoarseFrame,
    HeadStack,
    coarsen,
    stack_frames,
    steps_of,
)
from tumorscope.deid.pixels.header_gate import IMAGE_TYPE
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.native_frames import read_frames
from tumorscope.deid.pixels.series_faces import (
    FEWEST_SLICES,
    TreatedVolume,
    treat_unplaced,
    treat_volumes,
)
from tumorscope.deid.pixels.slice_geometry import FramePlace, frame_places
from tumorscope.deid.pixels.stored_bits import clear_spare_bits
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.domain.deid_spec import FaceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedFiles:
    """One volume of some files, and what became of its face.

    Attributes:
        files: Numbers of the files, from 0, in their order.
        outcome: What became of it.
        kept: Of each file, what stays of it; nothing where nothing is cleared.
    """

    files: tuple[int, ...]
    outcome: TreatedVolume
    kept: dict[int, KeptVoxels] = field(default_factory=dict)


def read_coarse_frames(
    elements: DataSet, order: str, file: int, *, coarse_mm: float
) -> list[CoarseFrame]:
    """Return the frames of a file, coarse and each with its place.

    Args:
        elements: A data set of uncompressed pixels.
        order: Byte order, "little" or "big".
        file: Number to remember the file by.
        coarse_mm: Size of a block.

    Raises:
        MalformedFileError: If its pixels cannot be read.
    """
    pixels = read_frames(clear_spare_bits(elements, order)[0], order)
    places: list[FramePlace | None] = list(frame_places(elements))
    is_mosaic = "MOSAIC" in text_of(elements, IMAGE_TYPE).upper()
    count, rows, columns = pixels.frames.shape[:3]
    places += [None] * (count - len(places))
    found = []
    for number in range(count):
        place = None if is_mosaic else places[number]
        spacing_mm = (1.0, 1.0) if place is None else place.spacing_mm
        steps = steps_of(spacing_mm, coarse_mm)
        found.append(
            CoarseFrame(
                file=file,
                frame=number,
                place=place,
                pixels=coarsen(_gray(pixels, number), steps),
                steps=steps,
                shape=(rows, columns),
                is_mosaic=is_mosaic,
            )
        )
    return found


def _gray(pixels: StoredPixels, number: int) -> NDArray[Any]:
    """Return a frame bright where it is shown bright; of colors the brightest."""
    if pixels.is_inverted or pixels.frames.ndim == 4:
        return np.max(pixels.pictures(number), axis=0)
    return np.asarray(pixels.frames[number])


def treat_files(
    series: Iterable[list[CoarseFrame]], rule: FaceRule
) -> list[TreatedFiles]:
    """Judge the faces of files in one frame of reference, and say what must go.

    Args:
        series: The frames of each series.
        rule: See `DeidSpec.faces`.

    Returns:
        One entry for each volume.
    """
    stacks = [stack for frames in series for stack in stack_frames(frames)]
    whole = [one.volume for one in stacks if one.volume is not None]
    treated = iter(treat_volumes(whole, rule))
    return [_with_files(stack, _outcome(stack, treated, rule)) for stack in stacks]


def _outcome(
    stack: HeadStack, treated: Iterator[TreatedVolume], rule: FaceRule
) -> TreatedVolume:
    if stack.volume is not None:
        return next(treated)
    n_slices = len(stack.frames)
    if stack.frames[0].is_mosaic:
        n_slices = max(n_slices, FEWEST_SLICES)
    return treat_unplaced(n_slices, stack.why_none, rule)


def _with_files(stack: HeadStack, outcome: TreatedVolume) -> TreatedFiles:
    files = tuple(dict.fromkeys(one.file for one in stack.frames))
    if outcome.kept is None:
        return TreatedFiles(files=files, outcome=outcome)
    slices: dict[int, dict[int, int]] = defaultdict(dict)
    for frame, number in zip(stack.frames, stack.slices, strict=True):
        slices[frame.file][frame.frame] = number
    kept = {
        file: KeptVoxels.from_blocks(
            outcome.kept[[at for _, at in sorted(numbers.items())]],
            stack.frames[0].steps,
            proves=outcome.proves,
        )
        for file, numbers in slices.items()
    }
    return TreatedFiles(files=files, outcome=outcome, kept=kept)
