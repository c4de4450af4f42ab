"""Tests of the comparison with known patients."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.agreement import compare_with_patients
from tumorscope.domain.errors import DataError


def test_pairs_are_counted_as_by_hand():
    """Groups aab|bb of patients aabbb: 4 pairs in groups, 4 in patients, 2 in both."""
    found = compare_with_patients(
        np.array([0, 0, 0, 1, 1]), np.array(["a", "a", "b", "b", "b"]), dealings=20
    )

    assert found.pair_precision == pytest.approx(2 / 4)
    assert found.pair_recall == pytest.approx(2 / 4)
    assert (found.slices, found.patients, found.groups) == (5, 2, 2)
    assert found.largest_share == pytest.approx(0.6)


def test_groups_that_are_the_patients_leak_nothing():
    """The aim: no test slice has its patient in training."""
    patient = np.repeat(np.arange(12), 5)

    found = compare_with_patients(patient, patient)

    assert found.leaked_share == 0
    assert found.seen_share == 0
    assert found.pair_precision == found.pair_recall == 1


def test_groups_that_join_patients_cost_groups_and_no_honesty():
    """Two heads in one group is no leak."""
    patient = np.repeat(np.arange(12), 5)

    found = compare_with_patients(patient // 2, patient)

    assert found.groups == 6
    assert found.leaked_share == 0


def test_single_slices_leak_nearly_everything():
    """A random split of slices shows almost every test patient in training."""
    patient = np.repeat(np.arange(12), 20)

    found = compare_with_patients(np.arange(240), patient)

    assert found.leaked_share > 0.99
    assert found.seen_share == pytest.approx(0.7, abs=0.05)
    assert np.isnan(found.pair_precision)
    assert found.pair_recall == 0


def test_dealings_come_from_the_seed():
    """The same question has the same answer."""
    patient, group = np.repeat(np.arange(10), 4), np.arange(40) // 3

    first, second = (compare_with_patients(group, patient, seed=3) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("group", "patient", "message"),
    [([], [], "0 groups"), ([1], [1, 2], "2 ids"), ([1, 1], [1, 2], "cannot be dealt")],
)
def test_what_cannot_be_dealt_is_refused(group, patient, message):
    """No slices, other lengths, or a single group are errors with their reason."""
    with pytest.raises(DataError, match=message):
        compare_with_patients(np.array(group), np.array(patient), dealings=5)
