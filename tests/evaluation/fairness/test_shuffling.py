"""Group labels over patients, shuffled."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.evaluation.fairness.shuffling import shuffle_groups

SPEC = FairnessSpec(permutations=1000)
SITES = np.repeat([0, 1], [6, 4])
SEXES = np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1])


def test_each_site_keeps_its_mix():
    """Four of six at one site and one of four at the other, in every shuffling."""
    found = shuffle_groups(SEXES, SITES, SPEC)

    assert found.codes.shape == (1000, 10)
    assert found.within == "the patients of each site"
    assert set((found.codes[:, :6] == 0).sum(axis=1)) == {4}
    assert set((found.codes[:, 6:] == 0).sum(axis=1)) == {1}
    assert len(np.unique(found.codes, axis=0)) == 15 * 4  # all that there are


def test_a_cohort_may_be_shuffled_as_one():
    """On request only the whole cohort keeps its mix."""
    spec = FairnessSpec(permutations=1000, shuffle_within="cohort")

    found = shuffle_groups(SEXES, SITES, spec)

    assert found.within == "the whole cohort"
    assert set((found.codes == 0).sum(axis=1)) == {5}
    assert len(set((found.codes[:, :6] == 0).sum(axis=1))) > 1


@pytest.mark.parametrize(
    ("codes", "sites"),
    [(SITES, SITES), (np.repeat([0, 1], [6, 4]), np.repeat([0, 1, 2], [6, 2, 2]))],
    ids=["the site itself", "a scanner of some sites"],
)
def test_what_goes_with_the_site_is_shuffled_over_the_cohort(codes, sites):
    """Nothing could be exchanged within a site."""
    found = shuffle_groups(codes, sites, SPEC)

    assert found.within == "the whole cohort"
    assert len(np.unique(found.codes, axis=0)) > 100


def test_patients_without_group_stay_without():
    """They are not drawn into a group by chance."""
    codes = np.array([-1, 0, 1, -1, 1, 0])

    found = shuffle_groups(codes, np.zeros(6, dtype=int), SPEC).codes

    assert (found[:, [0, 3]] == -1).all()
    assert (found[:, [1, 2, 4, 5]] >= 0).all()


def test_the_seed_fixes_the_shufflings():
    """The same p-value for everyone who runs it."""
    again = shuffle_groups(SEXES, SITES, SPEC).codes
    other = shuffle_groups(SEXES, SITES, FairnessSpec(permutations=1000, seed=1)).codes

    np.testing.assert_array_equal(shuffle_groups(SEXES, SITES, SPEC).codes, again)
    assert (other != again).any()
