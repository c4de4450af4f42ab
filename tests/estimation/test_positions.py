"""Where slices lie in the head."""

import numpy as np
import pandas as pd

from tumorscope.estimation.positions import boundary_slices, position_strata


def test_heights_with_too_few_slices_of_a_class_do_not_enter():
    """Position 0 has 6 of each class and enters; position 1 has 5 tumour slices."""
    labels = np.array([1, 0] * 6 + [1] * 5 + [0] * 6)
    index = pd.Series([0] * 12 + [9] * 11, dtype="Int64")

    strata = position_strata(labels, index, pd.Series([10] * 23, dtype="Int64"))

    assert strata.tolist() == [0] * 12 + [-1] * 11


def test_bins_are_closed_on_the_right():
    """The edges are linspace(-0.001, 1, 11): position 0.0991 opens the second bin."""
    labels = np.tile([0, 1], 6).repeat(3)
    index = pd.Series(np.tile([990, 991, 10_000], 12), dtype="Int64")

    strata = position_strata(labels, index, pd.Series([10_001] * 36, dtype="Int64"))

    assert strata[:3].tolist() == [0, 0, 9]


def test_unknown_positions_and_single_slices_do_not_enter():
    """A missing rank, or a series of one slice, has no height."""
    labels = np.array([0, 1] * 8)
    index = pd.Series([pd.NA] * 8 + [0] * 8, dtype="Int64")
    count = pd.Series([5] * 8 + [1] * 8, dtype="Int64")

    assert (position_strata(labels, index, count) == -1).all()


def test_boundary_slices_touch_a_label_change_in_their_own_patient():
    """The run 0 0 1 1 0 has four boundary slices; patients and gaps are not compared."""
    labels = np.array([0, 0, 1, 1, 0, 1, 0])
    patients = pd.Series(list("aaaaabb"))
    index = pd.Series([0, 1, 2, 3, 4, 0, 5], dtype="Int64")
    order = np.array([6, 2, 0, 4, 5, 3, 1])

    marked = boundary_slices(
        labels[order], patients[order].reset_index(drop=True), index[order]
    )

    expected = np.array([False, True, True, True, True, False, False])
    assert marked.tolist() == expected[order].tolist()
