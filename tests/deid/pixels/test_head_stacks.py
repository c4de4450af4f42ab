"""Frames become volumes by where they lie, and masks find back to their files."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.deid.elements import Element
from tumorscope.deid.pixels.head_stacks import (
    CoarseFrame,
    coarsen,
    stack_frames,
    steps_of,
)
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.slice_geometry import FramePlace, frame_places


def frame(number: int, z_mm: float | None, value: float, **changes) -> CoarseFrame:
    """Return a frame of constant value at some height."""
    place = None
    if z_mm is not None:
        place = FramePlace(
            position_mm=(0.0, 0.0, z_mm),
            along_row=(1.0, 0.0, 0.0),
            along_column=(0.0, 1.0, 0.0),
            spacing_mm=(1.0, 1.0),
        )
    known = {
        "file": number,
        "frame": 0,
        "place": place,
        "pixels": np.full((3, 3), value, np.float32),
        "steps": (2, 2),
        "shape": (6, 6),
    }
    return CoarseFrame(**(known | changes))


def test_slices_are_ordered_by_place_and_doubles_are_averaged():
    """File names and numbers play no part; two echoes at one place are one slice."""
    frames = [frame(0, 6, 10), frame(1, 0, 2), frame(2, 3, 4), frame(3, 3, 8)]

    (found,) = stack_frames(frames)

    assert found.volume.voxels[:, 0, 0].tolist() == [2, 6, 10]
    assert found.slices == (2, 0, 1, 1)
    assert found.volume.spacing_mm == (2.0, 2.0)
    np.testing.assert_allclose(found.volume.origins_mm[0], [0.5, 0.5, 0])


@pytest.mark.parametrize(
    ("changes", "why"), [({}, "not stated"), ({"is_mosaic": True}, "mosaic")]
)
def test_frames_without_a_place_make_no_volume(changes, why):
    """The reason is told instead of a guess."""
    (found,) = stack_frames([frame(number, None, 1, **changes) for number in range(4)])

    assert found.volume is None
    assert why in found.why_none


def test_grids_are_kept_apart():
    """A localizer of other size is a volume of its own."""
    frames = [frame(0, 0, 1), frame(1, 3, 1), frame(2, 0, 1, shape=(9, 9))]

    assert [len(one.frames) for one in stack_frames(frames)] == [2, 1]


def test_blocks_are_means_of_some_millimeters():
    """The edge repeats where blocks reach over it."""
    picture = np.arange(12, dtype=np.uint16).reshape(3, 4)

    found = coarsen(picture, steps_of((1.0, 1.0), 2.0))

    assert found.tolist() == [[2.5, 4.5], [8.5, 10.5]]
    assert coarsen(picture, steps_of((2.0, 0.5), 2.0)).tolist() == [[1.5], [5.5], [9.5]]


def test_a_mask_survives_being_packed():
    """It is spread over the pixels of its blocks, and cut to the frame."""
    blocks = np.zeros((2, 2, 3), bool)
    blocks[1, 0, 2] = True

    kept = KeptVoxels.from_blocks(blocks, (2, 3), proves=True)

    fine = kept.spread(3, 8)
    assert fine.shape == (2, 3, 8)
    assert np.argwhere(fine).tolist() == [[1, 0, 6], [1, 0, 7], [1, 1, 6], [1, 1, 7]]


def test_places_stand_in_the_file_or_in_its_functional_groups():
    """An enhanced file shares what is common, and says the rest for each frame."""
    turn = Element(0x00200037, "DS", b"1\\0\\0\\0\\1\\0")
    sizes = Element(0x00280030, "DS", b"0.5\\0.5 ")
    at = [Element(0x00200032, "DS", f"0\\0\\{z}".encode()) for z in (1, 2)]
    own = tuple((Element(0x00209113, "SQ", ((one,),)),) for one in at)
    shared = (
        Element(0x00209116, "SQ", ((turn,),)),
        Element(0x00289110, "SQ", ((sizes,),)),
    )
    enhanced = (
        Element(0x52009229, "SQ", (shared,)),
        Element(0x52009230, "SQ", own),
    )

    heights = [one.position_mm[2] for one in frame_places(enhanced)]

    assert heights == [1.0, 2.0]
    assert frame_places((at[0], turn, sizes))[0].spacing_mm == (0.5, 0.5)
    assert frame_places((at[0], sizes)) == [None]
    assert frame_places((Element(0x00200032, "DS", b"x\\0\\1"), turn, sizes)) == [None]
