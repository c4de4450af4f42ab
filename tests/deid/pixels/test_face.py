"""A face is in doubt unless it was shown that there is none; removal keeps the brain."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import stack

from tumorscope.deid.pixels.brain_mask import find_brain
from tumorscope.deid.pixels.face import judge_face
from tumorscope.deid.pixels.face_removal import remove_face
from tumorscope.deid.pixels.pixel_spec import BrainSpec
from tumorscope.domain.volume import Volume

SPEC = BrainSpec()


def part(volume: Volume, slices: slice) -> Volume:
    """Return some slices of a volume."""
    return Volume(
        voxels=volume.voxels[slices],
        origins_mm=volume.origins_mm[slices],
        row_step_mm=volume.row_step_mm,
        column_step_mm=volume.column_step_mm,
    )


def judge(volume: Volume):
    """Return the verdict."""
    return judge_face(volume, find_brain(volume, SPEC)).verdict


@pytest.mark.slow
def test_a_whole_head_shows_a_face(head_volume, head_mask):
    """Tissue in front of the brain, far below the top of the head."""
    assert judge_face(head_volume, head_mask).verdict == "shows a face"


@pytest.mark.slow
def test_the_upper_head_alone_shows_none(head_volume):
    """Slices that end above the eyes hold no face."""
    assert judge(part(head_volume, slice(34, None))) == "no face"


@pytest.mark.slow
def test_without_the_top_of_the_head_it_is_in_doubt(head_volume):
    """Nothing says how deep the lowest slice lies."""
    assert judge(part(head_volume, slice(20, 40))) == "may show a face"


def test_an_empty_volume_is_in_doubt():
    """No head, no proof."""
    empty = stack(np.zeros((10, 32, 32), np.uint8))

    assert judge(empty) == "may show a face"


@pytest.mark.slow
@pytest.mark.parametrize("order", [(2, 0, 1)])
def test_the_verdict_does_not_depend_on_the_order_of_axes(head_volume, order):
    """A sagittal volume of the same head gets the same verdict."""
    steps = (
        head_volume.slice_step_mm,
        head_volume.row_step_mm,
        head_volume.column_step_mm,
    )
    slices, rows, columns = (steps[axis] for axis in order)
    voxels = head_volume.voxels.transpose(order)
    turned = Volume(
        voxels=voxels,
        origins_mm=np.arange(len(voxels))[:, None] * slices[None],
        row_step_mm=rows,
        column_step_mm=columns,
    )

    assert judge(turned) == "shows a face"


@pytest.mark.slow
def test_stripping_leaves_the_mask_and_nothing_else(head_volume, head_mask):
    """No voxel outside is anything but background; inside, none has changed."""
    done = remove_face(head_volume, head_mask, SPEC, "strip")

    assert done.codes == ("113102",)
    assert (done.voxels[~head_mask.brain] == 0).all()
    kept = done.voxels[head_mask.brain]
    np.testing.assert_array_equal(kept, head_volume.voxels[head_mask.brain])


@pytest.mark.slow
def test_defacing_takes_the_nose_and_keeps_the_brain(head_volume, head_mask):
    """The plane cuts no voxel of the brain; the scalp on top stays."""
    done = remove_face(head_volume, head_mask, SPEC, "deface")

    assert done.kept[head_mask.brain].all()
    nose = np.s_[8:13, 4:8, 37:43]
    assert (head_volume.voxels[nose] == 300).any()
    assert (done.voxels[nose] == 0).all()
    assert done.voxels[50].any()
    assert done.removed_ml > 10


@pytest.mark.parametrize("how", ["strip", "deface"])
def test_a_mask_that_failed_claims_nothing(how):
    """The voxels are the input's own, and there is no code."""
    volume = stack(np.zeros((10, 32, 32), np.uint8))

    done = remove_face(volume, find_brain(volume, SPEC), SPEC, how)

    assert (done.reason, done.codes) == ("brain-mask-failed", ())
    assert done.voxels is volume.voxels
