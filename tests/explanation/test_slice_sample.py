"""A sample that reaches every patient before any patient twice."""

import numpy as np
import pytest

from tumorscope.explanation.slice_sample import sampling_weights, spread_over_patients

OWNERS = np.array(["a"] * 10 + ["b"] * 2 + ["c"] * 5, dtype=object)


def test_every_patient_comes_before_a_second_slice_of_any():
    """Three slices are three patients; seven are 3, 2 and 2, as far as there are any."""
    three = spread_over_patients(OWNERS, 3, seed=0)
    seven = spread_over_patients(OWNERS, 7, seed=0)

    assert sorted(OWNERS[three]) == ["a", "b", "c"]
    counts = [int((OWNERS[seven] == name).sum()) for name in "abc"]
    assert counts[1] == 2
    assert sorted(counts) == [2, 2, 3]
    assert (np.diff(seven) > 0).all()


def test_fewer_slices_than_patients_are_of_different_patients():
    """Which of them is chance, and the seed decides."""
    found = {tuple(spread_over_patients(OWNERS, 2, seed=seed)) for seed in range(20)}

    assert all(len(set(OWNERS[list(each)])) == 2 for each in found)
    assert len(found) > 5
    assert (
        spread_over_patients(OWNERS, 2, seed=3)
        == spread_over_patients(OWNERS, 2, seed=3)
    ).all()


@pytest.mark.parametrize(("count", "taken"), [(0, 0), (17, 17), (100, 17)])
def test_none_and_all_are_possible(count, taken):
    """Zero switches a check off, a large number takes all."""
    assert len(spread_over_patients(OWNERS, count, seed=0)) == taken


def test_weights_add_up_to_the_slices_of_the_patients_reached():
    """Two of ten stand for five each, one of two for two, two of five for 2.5."""
    chosen = np.array([0, 4, 10, 12, 16])

    weights = sampling_weights(OWNERS, chosen)

    assert weights == pytest.approx([5, 5, 2, 2.5, 2.5])
    assert weights.sum() == pytest.approx(len(OWNERS))


def test_without_slices_there_is_nothing_to_choose():
    """No tumor-free slice is no error."""
    nobody = np.array([], dtype=object)

    assert len(spread_over_patients(nobody, 5, seed=0)) == 0
    assert len(sampling_weights(nobody, np.array([], dtype=np.int64))) == 0
