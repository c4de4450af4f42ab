"""The index."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.inverted_index import build_index, search


def _vectors(count, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_small_set_is_searched_exhaustively():
    """Every pair above the threshold is found, and none below."""
    vectors, queries = _vectors(200), _vectors(30, seed=1)

    hits = search(build_index(vectors, seed=0), queries, min_similarity=0.5, probes=1)

    wanted = np.argwhere(queries @ vectors.T >= 0.5)
    found = np.stack([hits.query, hits.member], axis=1)
    np.testing.assert_array_equal(found[np.lexsort(found.T[::-1])], wanted)
    assert hits.similarity.min() >= 0.5


def test_large_set_finds_what_is_close():
    """With cells, a slightly moved vector still finds its original."""
    vectors = _vectors(3000)
    queries = vectors[:300] + 0.02 * _vectors(300, seed=2)

    index = build_index(vectors, seed=0)
    hits = search(index, queries, min_similarity=0.9, probes=8)

    assert len(index.centroids) > 1
    found = set(zip(hits.query.tolist(), hits.member.tolist(), strict=True))
    assert np.mean([(row, row) in found for row in range(300)]) > 0.99


@pytest.mark.parametrize("queries", [0, 3])
def test_nothing_is_found_in_nothing(queries):
    """An empty index and no queries give no hits."""
    hits = search(
        build_index(_vectors(0), seed=0), _vectors(queries), min_similarity=0, probes=2
    )

    assert len(hits.query) == len(hits.member) == len(hits.similarity) == 0
