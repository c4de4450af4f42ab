"""Sensitivity as if lesions had the same sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.evaluation.decisions import sample_above
from tumorscope.evaluation.fairness.measures import find_cuts
from tumorscope.evaluation.fairness.size_standard import (
    sample_standardized,
    size_masks,
)


def _groups(scored, *members):
    return [replace(scored.draws, counts=np.array([one], float)) for one in members]


def test_strata_are_open_below_and_closed_above():
    """200 px belong to the smallest; tumor-free slices and unknown sizes to none."""
    areas = np.array([200.0, 200.1, 2765.0, 9000.0, np.nan, 500.0])
    labels = np.array([1, 1, 1, 1, 1, 0])

    found = size_masks(labels, areas)

    assert found.argmax(axis=0)[:4].tolist() == [0, 1, 3, 4]
    assert found.sum(axis=0).tolist() == [1, 1, 1, 1, 0, 0]


def test_a_gap_that_is_one_of_sizes_vanishes(hand, make_scored):
    """Large lesions are found and small ones missed, in both groups alike.

    Group A has three large lesions and one small one, group B one large and three small:
    0.75 against 0.25, but 1 and 0 within strata, and each half of the slices: 0.5.
    """
    scores = hand["tumor_probability"].to_numpy().copy()
    areas = np.full(16, np.nan)
    large = [0, 1, 4, 8]
    small = [5, 9, 12, 13]
    scores[large], scores[small] = 0.9, 0.2
    areas[large], areas[small] = 2000, 100
    scored = make_scored(hand.assign(tumor_probability=scores))
    decision = find_cuts(scored, coverage=0.9).held_fixed(1).ranked
    groups = _groups(scored, [1, 1, 0, 0], [0, 0, 1, 1])

    crude = [sample_above(decision, scored.labels == 1, one)[0] for one in groups]
    found = sample_standardized(decision, size_masks(scored.labels, areas), groups)

    assert crude == [0.75, 0.25]
    np.testing.assert_allclose(found[:, 0], [0.5, 0.5])


def test_without_a_common_size_there_is_no_figure(hand, make_scored):
    """Large lesions in one group and small ones in the other cannot be made equal."""
    scored = make_scored(hand)
    areas = np.where(np.arange(16) < 8, 2000.0, 100.0)
    decision = find_cuts(scored, coverage=0.9).held_fixed(1).ranked
    groups = _groups(scored, [1, 1, 0, 0], [0, 0, 1, 1])

    found = sample_standardized(decision, size_masks(scored.labels, areas), groups)

    assert np.isnan(found).all()


def test_sizes_of_one_group_alone_do_not_enter(hand, make_scored):
    """The largest lesions of the women have no counterpart among the men."""
    scored = make_scored(hand)
    areas = np.where(np.arange(16) < 4, 9000.0, 100.0)
    decision = find_cuts(scored, coverage=0.9).held_fixed(1).ranked
    groups = _groups(scored, [1, 1, 0, 0], [0, 0, 1, 1])

    found = sample_standardized(decision, size_masks(scored.labels, areas), groups)

    assert found[:, 0].tolist() == pytest.approx([1.0, 0.5])
