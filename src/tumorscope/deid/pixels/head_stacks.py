"""The frames of one series, made coarse and stacked where they lie in the patient.

A face is a matter of a volume, not of a file. Frames with the same grid belong together;
those at one place (echoes, time points) are averaged, so that one outline of the head
holds for all of them. A few millimeters are enough for a head, so that a series of any
length fits into little memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.slice_geometry import FramePlace
from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume

FINE_MM, QUICK_MM = 2.0, 4.0
"""Size of a block for a brain mask, and for the outline of a head."""
_SAME_PLACE_MM = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseFrame:
    """One frame of a series.

    Attributes:
        file: Number of its file, from 0.
        frame: Its number in the file, from 0.
        place: Where it lies; None where the file does not say it.
        pixels: Shape (rows, columns), float32: means of blocks, bright where shown bright.
        steps: Rows and columns of a block.
        shape: Rows and columns of the frame itself.
        is_mosaic: Whether it shows many slices side by side.
    """

    file: int
    frame: int
    place: FramePlace | None
    pixels: NDArray[np.float32]
    steps: tuple[int, int]
    shape: tuple[int, int]
    is_mosaic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadStack:
    """Frames of one grid.

    Attributes:
        volume: Coarse; None where they make none.
        why_none: Why they make none, in words; empty otherwise.
        frames: All of them.
        slices: Of each frame, which slice of the volume it belongs to.
    """

    volume: Volume | None
    why_none: str
    frames: tuple[CoarseFrame, ...]
    slices: tuple[int, ...] = ()


def coarsen(picture: NDArray[Any], steps: tuple[int, int]) -> NDArray[np.float32]:
    """Return means of blocks.

    Args:
        picture: Shape (rows, columns), any number type.
        steps: Rows and columns of a block; blocks that reach over the edge repeat it.

    Returns:
        float32.
    """
    pads = [(0, -side % step) for side, step in zip(picture.shape, steps, strict=True)]
    whole = np.pad(picture, pads, mode="edge") if pads != [(0, 0), (0, 0)] else picture
    # Adding rows, then columns, is several times faster than a mean over two axes.
    rows = sum(
        (whole[start :: steps[0]].astype(np.float32) for start in range(1, steps[0])),
        whole[:: steps[0]].astype(np.float32),
    )
    blocks = sum(
        (rows[:, start :: steps[1]] for start in range(1, steps[1])),
        rows[:, :: steps[1]],
    )
    return np.asarray(blocks / np.float32(steps[0] * steps[1]), dtype=np.float32)


def steps_of(spacing_mm: tuple[float, float], coarse_mm: float) -> tuple[int, int]:
    """Return how many rows and columns make a block of some size in mm."""
    row, column = (max(1, round(coarse_mm / one)) for one in spacing_mm)
    return row, column


def stack_frames(frames: Sequence[CoarseFrame]) -> list[HeadStack]:
    """Stack the frames of one series.

    Args:
        frames: All of them, in any order.

    Returns:
        One stack for each grid, and one for the frames without a place.
    """
    grids: dict[Hashable, list[CoarseFrame]] = defaultdict(list)
    for frame in frames:
        grids[_grid(frame)].append(frame)
    return [_stack(members) for members in grids.values()]


def _grid(frame: CoarseFrame) -> Hashable:
    place = frame.place
    if place is None:
        return frame.is_mosaic
    turn = (*place.along_row, *place.along_column)
    return (
        tuple(round(one, 2) + 0.0 for one in turn),
        tuple(round(one, 4) for one in place.spacing_mm),
        frame.shape,
    )


def _stack(frames: list[CoarseFrame]) -> HeadStack:
    first = frames[0].place
    if first is None:
        why = "its position in the patient is not stated"
        if frames[0].is_mosaic:
            why = "a mosaic: many slices in one picture"
        return HeadStack(volume=None, why_none=why, frames=tuple(frames))
    across = np.cross(first.along_row, first.along_column)
    positions = np.array([one.place.position_mm for one in frames if one.place])
    along = positions @ across
    order = np.argsort(along, kind="stable")
    is_new = np.diff(along[order], prepend=-np.inf) > _SAME_PLACE_MM
    slices = np.empty(len(frames), dtype=int)
    slices[order] = np.cumsum(is_new) - 1
    voxels = np.zeros((int(slices.max()) + 1, *frames[0].pixels.shape), np.float32)
    counts = np.bincount(slices)
    for number, frame in zip(slices, frames, strict=True):
        voxels[number] += frame.pixels / np.float32(counts[number])
    places = tuple(int(one) for one in slices)
    try:
        volume = _volume(voxels, positions[order][is_new], frames[0], first)
    except DataError as error:
        return HeadStack(volume=None, why_none=str(error), frames=tuple(frames))
    return HeadStack(volume=volume, why_none="", frames=tuple(frames), slices=places)


def _volume(
    voxels: NDArray[np.float32],
    positions_mm: NDArray[np.float64],
    frame: CoarseFrame,
    place: FramePlace,
) -> Volume:
    down, right = np.array(place.along_column), np.array(place.along_row)
    row_mm, column_mm = place.spacing_mm
    rows, columns = frame.steps
    # The center of the first block lies within it.
    aside = down * row_mm * (rows - 1) / 2 + right * column_mm * (columns - 1) / 2
    return Volume(
        voxels=voxels,
        origins_mm=positions_mm + aside,
        row_step_mm=down * row_mm * rows,
        column_step_mm=right * column_mm * columns,
    )
