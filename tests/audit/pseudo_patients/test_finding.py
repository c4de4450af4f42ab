"""Tests of pseudo-patients from fingerprints to groups."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.agreement import compare_with_patients
from tumorscope.audit.pseudo_patients.finding import find_pseudo_patients
from tumorscope.domain.errors import DataError
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

SPEC = PseudoPatientSpec()


def _compare(found, owner):
    kept = found.is_assigned
    return compare_with_patients(found.group[kept], owner[kept], dealings=50)


def test_heads_are_found_from_pixels_alone(heads):
    """Shuffled files without ids: pairs and split agree with the heads."""
    prints, owner = heads(20, 15)
    order = np.random.default_rng(3).permutation(len(prints))

    found = find_pseudo_patients(prints, SPEC, position=order)

    agreement = _compare(found, owner)
    assert not found.order.is_informative
    assert found.is_assigned.mean() > 0.9
    assert agreement.pair_precision > 0.98
    assert agreement.pair_recall > 0.9
    assert agreement.leaked_share < 0.2


def test_the_order_of_the_files_helps_where_it_means_something(heads):
    """Heads one after the other, with slices far apart: order joins what looks differ."""
    prints, owner = heads(20, 8, noise=0.3)

    in_order = find_pseudo_patients(prints, SPEC)
    shuffled = find_pseudo_patients(
        prints, SPEC, position=np.random.default_rng(3).permutation(len(prints))
    )

    assert in_order.order.is_informative
    assert (
        _compare(in_order, owner).leaked_share <= _compare(shuffled, owner).leaked_share
    )


def test_heads_that_come_again_in_a_second_pass_are_joined(heads):
    """Every other slice first, the rest later: blocks of files would tear each head."""
    prints, owner = heads(24, 12)
    rows = np.arange(len(prints))
    passes = np.concatenate([rows[0::2], rows[1::2]])

    found = find_pseudo_patients([prints[row] for row in passes], SPEC)

    assert found.order.is_informative
    agreement = _compare(found, owner[passes])
    assert agreement.pair_recall > 0.9
    assert agreement.leaked_share < 0.2


def test_groups_do_not_depend_on_the_order_of_the_rows(heads):
    """Rows in another order, with the same places in the files, give the same groups."""
    prints, _ = heads(8, 10)
    order = np.random.default_rng(0).permutation(len(prints))

    first = find_pseudo_patients(prints, SPEC)
    second = find_pseudo_patients([prints[row] for row in order], SPEC, position=order)

    together = first.group[order][:, None] == first.group[order][None]
    assert np.array_equal(together, second.group[:, None] == second.group[None])


def test_sizes_count_assigned_slices_only(make_found):
    """Slices that fit no head are no pseudo-patient."""
    found = make_found([0, 0, 0, 1, 1, -1, -1])

    assert found.sizes.tolist() == [3, 2]
    assert len(found) == 7


def test_a_set_of_one_picture_is_one_head(heads):
    """Ten copies belong together; nothing divides by zero."""
    prints, _ = heads(1, 2)

    found = find_pseudo_patients([prints[0]] * 10, SPEC)

    assert set(found.group) == {0}
    assert found.is_assigned.all()


def test_two_slices_are_too_few_for_a_pseudo_patient(heads):
    """The smallest set gives groups, of which none is assigned."""
    prints, _ = heads(2, 1)

    assert not find_pseudo_patients(prints, SPEC).is_assigned.any()


@pytest.mark.parametrize("position", [[0, 0, 1], [1, 2, 3], [0, 1]])
def test_places_that_are_no_order_are_refused(heads, position):
    """Each place must be taken once, by as many slices as there are."""
    prints, _ = heads(1, 3)

    with pytest.raises(DataError, match="each of 0 to 2 once"):
        find_pseudo_patients(prints, SPEC, position=np.array(position))


def test_parts_of_differing_length_are_refused(make_found):
    """Groups of seven slices cannot say which of eight are assigned."""
    with pytest.raises(DataError, match="differing lengths"):
        make_found([0, 0, 1], is_assigned=np.ones(4, dtype=bool))
