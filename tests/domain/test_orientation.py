"""Tests of the sides: left stays left, whatever the order of the axes."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.orientation import (
    acquired_plane,
    obliquity_degrees,
    side_of,
    to_radiological,
)
from tumorscope.domain.volume import Volume, volume_from_affine

ORDERS = [
    (axes, flips)
    for axes in permutations(range(3))
    for flips in product((False, True), repeat=3)
]
SPACING_MM = (3.0, 1.5, 1.0)  # of slices, rows and columns in the canonical order


def canonical():
    """Return a volume in the radiological order with one marked voxel.

    The voxel lies in the patient's left (high column), front (low row), top (high slice).
    """
    voxels = np.zeros((5, 6, 8))
    voxels[4, 1, 6] = 1.0
    affine = np.array(
        [
            [0, 0, SPACING_MM[2], -4.0],
            [0, SPACING_MM[1], 0, -7.0],
            [SPACING_MM[0], 0, 0, 20.0],
            [0, 0, 0, 1],
        ]
    )
    return voxels, affine


def reordered(axes, flips):
    """Return the same head with exchanged and reversed axes."""
    voxels, affine = canonical()
    voxels = voxels.transpose(axes)
    affine = affine[:, [*axes, 3]]
    for axis, flip in enumerate(flips):
        if flip:
            affine[:, 3] += (voxels.shape[axis] - 1) * affine[:, axis]
            affine[:, axis] *= -1
            voxels = np.flip(voxels, axis)
    return volume_from_affine(voxels, affine)


def test_there_are_48_orders():
    """Six orders of the axes, and eight ways to reverse them."""
    assert len(set(ORDERS)) == 48


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_a_lesion_on_the_left_stays_on_the_left(axes, flips):
    """Each of the 48 orders gives the very same picture, positions and all."""
    voxels, affine = canonical()

    found = to_radiological(reordered(axes, flips))

    np.testing.assert_array_equal(found.voxels, voxels)
    assert side_of(found.voxels[4] > 0) == "left"
    np.testing.assert_allclose(found.origins_mm[0], affine[:3, 3], atol=1e-9)
    assert found.spacing_mm == pytest.approx(SPACING_MM[1:])
    np.testing.assert_allclose(found.positions_mm, 20 + 3 * np.arange(5), atol=1e-9)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_a_tilted_head_takes_the_nearest_axes(axes, flips):
    """A tilt of 20 degrees moves no voxel to the other side."""
    voxels, _ = canonical()
    angle = np.radians(20)
    tilt = np.array(
        [
            [1, 0, 0],
            [0, np.cos(angle), -np.sin(angle)],
            [0, np.sin(angle), np.cos(angle)],
        ]
    )
    straight = reordered(axes, flips)

    tilted = Volume(
        voxels=straight.voxels,
        origins_mm=straight.origins_mm @ tilt.T,
        row_step_mm=tilt @ straight.row_step_mm,
        column_step_mm=tilt @ straight.column_step_mm,
    )

    np.testing.assert_array_equal(to_radiological(tilted).voxels, voxels)
    assert obliquity_degrees(tilted) == pytest.approx(20)
    assert obliquity_degrees(straight) == pytest.approx(0)


def test_the_acquired_plane_is_that_of_the_slices():
    """Axial, coronal and sagittal series are told apart by geometry."""
    planes = [
        acquired_plane(reordered(axes, (False, False, False)))
        for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1))
    ]

    assert planes == ["axial", "coronal", "sagittal"]


def test_axial_slices_with_a_gap_keep_their_positions():
    """A missing slice shifts no other one."""
    volume = Volume(
        voxels=np.arange(3.0)[:, None, None] * np.ones((3, 4, 4)),
        origins_mm=np.array([[0, 0, 30.0], [0, 0, 10], [0, 0, 0]]),
        row_step_mm=np.array([0, 1.0, 0]),
        column_step_mm=np.array([1.0, 0, 0]),
    )

    found = to_radiological(volume)

    assert not volume.is_even
    assert found.positions_mm.tolist() == [0, 10, 30]
    assert found.voxels[:, 0, 0].tolist() == [2, 1, 0]


def test_uneven_sagittal_slices_cannot_be_cut_across():
    """Axial slices through gaps would be wrong; the reason is told."""
    volume = Volume(
        voxels=np.zeros((3, 4, 4)),
        origins_mm=np.array([[30.0, 0, 0], [10, 0, 0], [0, 0, 0]]),
        row_step_mm=np.array([0, 0, -1.0]),
        column_step_mm=np.array([0, 1.0, 0]),
    )

    with pytest.raises(DataError, match="sagittal slices at uneven distances"):
        to_radiological(volume)


def test_a_single_slice_has_an_orientation_too():
    """Feet first or mirrored, one slice is enough to know the sides."""
    voxels = np.zeros((1, 4, 6))
    voxels[0, 1, 0] = 1
    volume = Volume(
        voxels=voxels,
        origins_mm=np.array([[30.0, 0, 0]]),
        row_step_mm=np.array([0, 1.0, 0]),
        column_step_mm=np.array([-1.0, 0, 0]),
    )

    assert side_of(to_radiological(volume).voxels[0] > 0) == "left"


@pytest.mark.parametrize(
    ("columns", "side"),
    [([0, 1], "right"), ([6, 7], "left"), ([0, 7], "both sides"), ([], None)],
)
def test_the_side_of_a_region(columns, side):
    """The right half of the picture is the patient's left."""
    mask = np.zeros((4, 8), dtype=bool)
    mask[2, columns] = True

    assert side_of(mask) == side
