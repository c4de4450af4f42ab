"""Tests of the volume: a geometry that cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume, volume_from_affine


def volume(**changes):
    """Return three slices, 2 mm apart."""
    values = {
        "voxels": np.zeros((3, 4, 5)),
        "origins_mm": np.array([[0, 0, 0], [0, 0, 2.0], [0, 0, 4.0]]),
        "row_step_mm": np.array([0, 0.5, 0]),
        "column_step_mm": np.array([0.25, 0, 0]),
    }
    return Volume(**(values | changes))


def test_distances_and_positions():
    """Row and column distances stay apart, positions run along the normal."""
    made = volume()

    assert made.spacing_mm == (0.5, 0.25)
    assert made.positions_mm.tolist() == [0, 2, 4]
    assert made.slice_step_mm.tolist() == [0, 0, 2]
    assert made.is_even


def test_the_normal_follows_the_order_of_the_slices():
    """Positions always grow."""
    made = volume(origins_mm=np.array([[0, 0, 4.0], [0, 0, 2.0], [0, 0, 0.0]]))

    assert made.normal.tolist() == [0, 0, -1]
    assert made.positions_mm.tolist() == [-4, -2, 0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"voxels": np.zeros((3, 4))}, "three axes"),
        ({"voxels": np.zeros((0, 4, 5)), "origins_mm": np.zeros((0, 3))}, "three axes"),
        ({"origins_mm": np.zeros((2, 3))}, "one position for each"),
        ({"row_step_mm": np.array([0, np.nan, 0])}, "no numbers"),
        ({"origins_mm": np.full((3, 3), 1e9)}, "outside of any scanner"),
        ({"row_step_mm": np.zeros(3)}, "without size"),
        ({"row_step_mm": np.array([0.5, 0.5, 0])}, "not at a right angle"),
    ],
)
def test_what_cannot_be_is_refused(changes, reason):
    """A damaged header does not become a picture."""
    with pytest.raises(DataError, match=reason):
        volume(**changes)


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.full((4, 4), np.nan), "no numbers"),
        (np.diag([0.0, 1, 1, 1]), "without length"),
        (np.array([[1.0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0] * 4]), "right"),
    ],
)
def test_an_affine_that_cannot_be_is_refused(affine, reason):
    """Sheared or empty axes are no scanner's."""
    with pytest.raises(DataError, match=reason):
        volume_from_affine(np.zeros((2, 2, 2)), affine)
