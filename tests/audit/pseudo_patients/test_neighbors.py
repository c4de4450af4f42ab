"""Tests of the search for nearest neighbors."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients import neighbors
from tumorscope.audit.pseudo_patients.neighbors import find_neighbors, pair_neighbors


def _column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def test_neighbors_are_the_nearest_others():
    """On a line, the order of the distances can be read off."""
    found = find_neighbors(_column(0, 1, 3, 7), 2)

    assert found.index.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert found.distance[0].tolist() == pytest.approx([1, 3], abs=1e-3)


def test_a_small_set_has_fewer_neighbors():
    """Two slices have one neighbor each, however many are asked for."""
    found = find_neighbors(_column(0, 5), 15)

    assert found.index.tolist() == [[1], [0]]


def test_equal_vectors_are_neighbors_at_distance_zero():
    """Copies find each other and never themselves."""
    found = find_neighbors(np.ones((4, 3), dtype=np.float32), 3)

    assert (found.distance == 0).all()
    assert all(row not in found.index[row] for row in range(4))


def test_pairs_come_once_and_know_whether_they_are_mutual():
    """0 and 1 choose each other; 3 chooses 2 alone."""
    pairs = pair_neighbors(find_neighbors(_column(0, 1, 3, 7), 1), 1)

    assert list(zip(pairs.first, pairs.second, strict=True)) == [(0, 1), (1, 2), (2, 3)]
    assert pairs.is_mutual.tolist() == [True, False, False]


@pytest.mark.slow
def test_the_index_finds_nearly_all_that_the_full_search_finds(monkeypatch):
    """Beyond the exact limit few neighbors are missed, and the answer stays the same."""
    rng = np.random.default_rng(0)
    centers = rng.normal(0, 3, (120, 12))
    vectors = (centers.repeat(25, axis=0) + rng.normal(0, 1, (3000, 12))).astype(
        np.float32
    )
    exact = find_neighbors(vectors, 10).index
    monkeypatch.setattr(neighbors, "EXACT_UP_TO", 100)
    monkeypatch.setattr(neighbors, "_LIST_SIZE", 60)

    index, again = (find_neighbors(vectors, 10).index for _ in range(2))

    shared = [
        len(set(one) & set(other)) for one, other in zip(exact, index, strict=True)
    ]
    assert np.mean(shared) / 10 > 0.97
    assert np.array_equal(index, again)
