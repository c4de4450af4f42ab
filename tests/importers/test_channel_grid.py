"""Tests of the common grid: voxels are found by position, pixels become squares."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume
from tumorscope.importers.channel_grid import is_same_grid, resample, square_pixels


def ramp(
    *, count=5, size=(6, 8), step=(3.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), tilt=0.0
):
    """Return a volume whose value is x + 10 y + 100 z at each voxel's position."""
    turn = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    row, column, up = (
        turn @ [0, step[1], 0],
        turn @ [step[2], 0, 0],
        turn @ [0, 0, step[0]],
    )
    origins = np.array(origin) + np.arange(count)[:, None] * up
    r, c = np.mgrid[: size[0], : size[1]]
    points = origins[:, None, None] + r[..., None] * row + c[..., None] * column
    return Volume(
        voxels=points @ np.array([1.0, 10.0, 100.0]),
        origins_mm=origins,
        row_step_mm=row,
        column_step_mm=column,
    )


@pytest.mark.parametrize("tilt", [0.0, 0.2])
def test_a_finer_grid_reads_the_same_places(tilt):
    """A linear field is the same on any grid, also between tilted ones."""
    moving = ramp(count=9, size=(30, 30), step=(2.0, 0.5, 0.5), origin=(-3, -3, -4))
    reference = ramp(count=3, size=(5, 6), step=(2.5, 1.0, 1.2), tilt=tilt)

    found = resample(moving, reference)

    np.testing.assert_allclose(found.voxels, reference.voxels, rtol=1e-4, atol=1e-2)
    assert is_same_grid(found, reference)


def test_uneven_slices_are_read_at_their_own_places():
    """A gap is bridged by the slices on both sides of it."""
    whole = ramp(count=6, step=(2.0, 1.0, 1.0))
    keep = [0, 1, 4, 5]
    uneven = Volume(
        voxels=whole.voxels[keep],
        origins_mm=whole.origins_mm[keep],
        row_step_mm=whole.row_step_mm,
        column_step_mm=whole.column_step_mm,
    )

    np.testing.assert_allclose(resample(uneven, whole).voxels, whole.voxels, atol=1e-2)


def test_a_series_that_covers_too_little_is_refused():
    """Half a head is no channel."""
    with pytest.raises(DataError, match=r"covers .* % of the other series only"):
        resample(ramp(count=2), ramp(count=8))


def test_grids_are_compared_to_their_far_corner():
    """A step that is 1 % longer is another grid at the far end."""
    one = ramp(size=(60, 80))

    assert is_same_grid(one, ramp(size=(60, 80)))
    assert not is_same_grid(one, ramp(size=(60, 80), step=(3.0, 1.01, 1.0)))
    assert not is_same_grid(one, ramp(size=(60, 80), origin=(0, 0, 0.5)))
    assert not is_same_grid(one, ramp(size=(60, 79)))


def test_pixels_become_squares_and_borders_stay():
    """Twice as long pixels become twice as many; the head keeps its place."""
    volume = ramp(size=(6, 8), step=(3.0, 2.0, 1.0))

    square = square_pixels(volume)

    assert square.voxels.shape == (5, 12, 8)
    assert square.spacing_mm == pytest.approx((1.0, 1.0))
    border = volume.origins_mm[0] - volume.row_step_mm / 2
    np.testing.assert_allclose(square.origins_mm[0] - square.row_step_mm / 2, border)
    assert square_pixels(square) is square


def test_labels_are_not_mixed():
    """A mask stays 0 and 1."""
    volume = ramp(size=(6, 8), step=(3.0, 1.5, 1.0))
    mask = Volume(
        voxels=(volume.voxels > 300).astype(np.uint8),
        origins_mm=volume.origins_mm,
        row_step_mm=volume.row_step_mm,
        column_step_mm=volume.column_step_mm,
    )

    assert set(np.unique(square_pixels(mask, is_mask=True).voxels)) == {0, 1}


def test_voxels_that_are_too_long_are_refused():
    """A thick sagittal series makes no axial picture."""
    with pytest.raises(DataError, match=r"5.0 x 1.0 mm in axial slices"):
        square_pixels(ramp(step=(1.0, 5.0, 1.0)))
