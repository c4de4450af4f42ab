"""Tests of what the order of the files tells."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.file_order import (
    count_support,
    natural_order,
    order_pairs,
    weigh_order,
)

SETTINGS = {"window": 6, "min_share": 0.3, "seed": 0}


def _pairs(*pairs):
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def test_digits_are_read_as_numbers():
    """Image2 stands before image10, whatever the case and the folder."""
    names = ["b/Image10.jpg", "b/image2.jpg", "a/Image11.jpg", "b/Image2b.jpg"]

    ranked = [names[row] for row in np.argsort(natural_order(names))]
    assert ranked == ["a/Image11.jpg", "b/image2.jpg", "b/Image2b.jpg", "b/Image10.jpg"]


def test_pairs_are_told_by_position_the_earlier_first():
    """Rows become places in the order of the files."""
    places = order_pairs(np.array([5, 0, 3]), np.array([0, 1]), np.array([1, 2]))

    assert places.tolist() == [[0, 5], [0, 3]]


def test_support_is_what_lies_next_to_a_pair_without_sharing_a_file():
    """(10, 50) is supported by (11, 51) and (8, 49); the others share a file or are far."""
    close = _pairs((10, 50), (11, 51), (8, 49), (10, 51), (9, 50), (20, 60), (11, 57))

    assert count_support(_pairs((10, 50)), close, window=6).tolist() == [2]


def test_support_equals_counting_by_hand():
    """The search by sorted keys finds what a comparison of all pairs finds."""
    rng = np.random.default_rng(0)
    close = np.unique(np.sort(rng.integers(0, 60, (300, 2)), axis=1), axis=0)
    near = np.abs(close[:, None] - close[None]).max(axis=2) <= 4
    shares = (close[:, None] == close[None]).any(axis=2)

    assert np.array_equal(
        count_support(close, close, window=4), (near & ~shares).sum(axis=1)
    )


def test_runs_and_second_passes_are_informative_and_a_shuffle_is_not():
    """Close pairs on lines tell heads apart; the same pairs at random places do not."""
    run = np.arange(0, 498)
    in_runs = np.stack([run, run + 1], axis=1)
    in_passes = np.stack([run, run + 500], axis=1)
    shuffled = np.sort(np.random.default_rng(1).permutation(1000)[in_passes], axis=1)

    for close, expected in ((in_runs, True), (in_passes, True), (shuffled, False)):
        evidence = weigh_order(close, 1000, **SETTINGS)
        assert evidence.is_informative is expected
        assert evidence.chance_share <= 0.01
        assert evidence.close_pairs == 498


def test_without_close_pairs_the_order_tells_nothing():
    """A set of slices that all differ is no error."""
    evidence = weigh_order(_pairs(), 30, **SETTINGS)

    assert not evidence.is_informative
    assert evidence.supported_share == pytest.approx(0)
