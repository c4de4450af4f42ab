"""The brain is found where it can be, and a bad mask says so."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import stack

from tumorscope.deid.pixels.brain_mask import find_brain
from tumorscope.deid.pixels.pixel_spec import BrainSpec
from tumorscope.domain.volume import Volume


@pytest.mark.slow
def test_brain_is_whole_and_scalp_is_outside(head_volume, head_mask):
    """No brain voxel is lost, no scalp voxel is kept, and the mask is believed."""
    assert head_mask.failures == ()
    assert head_mask.brain[head_volume.voxels == 500].all()
    assert not head_mask.brain[head_volume.voxels == 300].any()
    true_ml = (head_volume.voxels == 500).sum() * 12 / 1000
    assert head_mask.volume_ml == pytest.approx(true_ml, rel=0.2)


@pytest.mark.slow
def test_a_dark_lesion_inside_is_kept(head_volume):
    """Holes are filled."""
    voxels = head_volume.voxels.copy()
    voxels[28:34, 45:55, 35:42] = 10
    changed = stack(voxels, (3.0, 2.0, 2.0))

    mask = find_brain(changed, BrainSpec())

    assert mask.brain[28:34, 45:55, 35:42].all()


@pytest.mark.parametrize(
    ("voxels", "message"),
    [
        (np.zeros((10, 32, 32), np.uint8), "one value"),
        (np.eye(32)[None].repeat(2, axis=0), "fewer than three"),
        (np.full((10, 32, 32), np.nan), "no numbers"),
    ],
)
def test_what_is_no_head_fails_with_a_reason(voxels, message):
    """An empty mask that is not believed, instead of an exception."""
    mask = find_brain(stack(voxels), BrainSpec())

    assert not mask.has_passed
    assert message in mask.failures[0]
    assert not mask.brain.any()


def test_uneven_slices_fail(head_volume):
    """Without an even grid distances mean nothing."""
    origins = head_volume.origins_mm.copy()
    origins[5:, 2] += 40
    uneven = Volume(
        voxels=head_volume.voxels,
        origins_mm=origins,
        row_step_mm=head_volume.row_step_mm,
        column_step_mm=head_volume.column_step_mm,
    )

    assert find_brain(uneven, BrainSpec()).failures == ("slices at uneven distances",)


@pytest.mark.slow
def test_a_solid_ball_of_tissue_is_not_believed():
    """Without bone around it a mask ends inside tissue."""
    z, y, x = np.mgrid[0:40, 0:80, 0:80]
    inside = ((z - 20) / 18) ** 2 + ((y - 40) / 36) ** 2 + ((x - 40) / 36) ** 2 <= 1
    mask = find_brain(
        stack((inside * 500).astype(np.uint16), (4.0, 2.0, 2.0)), BrainSpec()
    )

    assert not mask.has_passed
