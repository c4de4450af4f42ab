"""What the probes are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.audit.shortcuts.cohort import rows_of_some_groups
from tumorscope.domain.errors import DataError


def test_height_is_the_rank_in_the_head(make_cohort, with_columns):
    """The lowest slice is at 0, the highest at 1; unknown heights are missing."""
    cohort = make_cohort(patients=2, slices=5)

    np.testing.assert_array_equal(cohort.height[:5], [0, 0.25, 0.5, 0.75, 1])
    assert np.isnan(with_columns(cohort, slice_count=None).height).all()
    single = with_columns(cohort, slice_index=0, slice_count=1)
    assert np.isnan(single.height).all()


def test_parts_of_other_lengths_are_refused(make_cohort):
    """Traits for some slices only would be read off the wrong rows."""
    cohort = make_cohort(patients=2)

    with pytest.raises(DataError, match="traits"):
        replace(cohort, traits=cohort.traits[:3])
    with pytest.raises(DataError, match="without a group"):
        replace(cohort, group=np.array([None] * 16, dtype=object))


def test_rows_keep_what_belongs_together(make_cohort):
    """Chosen slices come with their own features; what was not read stays so."""
    cohort = make_cohort(patients=3)

    chosen = cohort.rows(np.array([9, 2]))

    assert chosen.features[0] is cohort.features[9]
    assert list(chosen.group) == ["P1", "P0"]
    assert replace(cohort, features=()).rows(np.array([1])).features == ()


def test_whole_groups_are_drawn():
    """No group is cut, and there are no more slices than wanted."""
    group = np.repeat(np.arange(10), 5)

    rows = rows_of_some_groups(group, 23, seed=0)

    assert len(rows) == 20
    assert set(np.bincount(group[rows])) == {0, 5}


def test_one_group_is_drawn_where_none_fits():
    """A limit below the smallest group still leaves something to look at."""
    assert len(rows_of_some_groups(np.repeat([0, 1], 50), 10, seed=0)) == 50


def test_a_small_cohort_is_taken_whole():
    """Nothing is drawn where all fit."""
    np.testing.assert_array_equal(rows_of_some_groups(np.zeros(4, int), 4, 0), range(4))
