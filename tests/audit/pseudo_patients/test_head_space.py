"""Tests of the space in which slices of one head lie close together."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.head_space import learn_space
from tumorscope.audit.pseudo_patients.neighbors import find_neighbors, pair_neighbors
from tumorscope.domain.errors import DataError


def test_one_is_the_distance_of_close_pairs(heads):
    """The settings' distances have the unit that they are documented with."""
    prints, _ = heads(12, 15)

    placed = learn_space(prints).place(prints)

    pairs = pair_neighbors(find_neighbors(placed, 3), 3)
    close = pairs.distance[pairs.is_mutual]
    assert np.sqrt((close**2).mean()) == pytest.approx(1, rel=1e-3)


def test_learning_brings_slices_of_one_head_closer(heads):
    """Heads that differ little are told apart better after stretching."""
    prints, owner = heads(20, 12, apart=0.35, noise=0.2)
    space = learn_space(prints)

    def separation(vectors):
        apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        same = owner[:, None] == owner[None]
        return apart[~same].mean() / apart[same & (apart > 0)].mean()

    assert separation(space.place(prints)) > separation(space.describe(prints))


def test_slices_of_another_set_can_be_placed(heads):
    """A space may be learned from one set and used on another."""
    prints, _ = heads(6, 10)

    space = learn_space(prints)

    assert np.allclose(space.place(prints[:3]), space.place(prints)[:3], atol=1e-4)


def test_equal_slices_lie_at_one_point(heads):
    """A set without any difference is no error, and no distance is invented."""
    prints, _ = heads(1, 2)

    placed = learn_space([prints[0]] * 5).place([prints[0]] * 5)

    assert np.ptp(placed, axis=0).max() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_one_slice_cannot_be_compared(heads, count):
    """The message says how many slices there were."""
    prints, _ = heads(1, 2)

    with pytest.raises(DataError, match=f"{count} slices"):
        learn_space(prints[:count])
