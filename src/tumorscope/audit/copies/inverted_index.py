"""Finds similar vectors without comparing all with all.

Vectors are sorted into cells around centroids; a query looks into the few cells whose
centroids are most like it. Queries are asked many at once, so that each cell is one product
of two matrices: on a hundred thousand slices this takes a minute in plain numpy, and a
library of its own for it would bring nothing but a dependency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_EXHAUSTIVE = 2000
"""Up to so many vectors one cell holds all, and nothing can be missed."""
_ROUNDS = 6
_SAMPLES_PER_CELL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class InvertedIndex:
    """Vectors, sorted by cell.

    Attributes:
        centroids: Shape (cells, dimensions), float32, of norm 1.
        members: Shape (vectors,), int64: their numbers, cell by cell.
        vectors: Shape (vectors, dimensions), float32, in the order of `members`.
        starts: Shape (cells + 1,), int64: where each cell begins in `members`.
    """

    centroids: NDArray[np.float32]
    members: NDArray[np.int64]
    vectors: NDArray[np.float32]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Similar vectors that a search found, in no order.

    Attributes:
        query: Shape (hits,), int64: row of the query.
        member: Shape (hits,), int64: number of the vector.
        similarity: Shape (hits,), float32: their dot product.
    """

    query: NDArray[np.int64]
    member: NDArray[np.int64]
    similarity: NDArray[np.float32]


def build_index(vectors: NDArray[np.float32], *, seed: int) -> InvertedIndex:
    """Sort vectors into cells.

    Args:
        vectors: Shape (vectors, dimensions), float32, of norm 1 (or 0).
        seed: Of the centroids' first choice.

    Returns:
        The index: about two cells for each square root of the count, found by spherical
        k-means on a sample.

    References:
        Dhillon IS, Modha DS. Concept decompositions for large sparse text data using
        clustering. Mach Learn 2001;42:143-175. Inverted file: Jegou H, Douze M, Schmid C.
        Product quantization for nearest neighbor search. IEEE TPAMI 2011;33:117-128.
    """
    centroids = _centroids(vectors, np.random.default_rng(seed))
    cell = _nearest(vectors, centroids)
    members = np.argsort(cell, kind="stable")
    counts = np.bincount(cell, minlength=len(centroids))
    return InvertedIndex(
        centroids=centroids,
        members=members,
        vectors=vectors[members],
        starts=np.concatenate([[0], np.cumsum(counts)]),
    )


def search(
    index: InvertedIndex,
    queries: NDArray[np.float32],
    *,
    min_similarity: float,
    probes: int,
) -> Hits:
    """Find the vectors that are similar to queries.

    Args:
        index: Of the vectors.
        queries: Shape (queries, dimensions), float32, of norm 1.
        min_similarity: Smallest dot product of a hit.
        probes: Cells that each query looks into.

    Returns:
        The hits. A similar vector in a cell that was not looked into is missed.
    """
    query_of, cells = _probed(index, queries, probes)
    edges = np.searchsorted(cells, np.arange(len(index.centroids) + 1))
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    for cell in np.unique(cells):
        asking = query_of[edges[cell] : edges[cell + 1]]
        inside = slice(index.starts[cell], index.starts[cell + 1])
        similarity = queries[asking] @ index.vectors[inside].T
        row, column = np.nonzero(similarity >= min_similarity)
        found.append(
            (asking[row], index.members[inside][column], similarity[row, column])
        )
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        return Hits(
            query=nothing, member=nothing, similarity=nothing.astype(np.float32)
        )
    query, member, similarity = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    return Hits(query=query, member=member, similarity=similarity)


def _probed(
    index: InvertedIndex, queries: NDArray[np.float32], probes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return query and cell of each look into a cell, sorted by cell."""
    count, cells = len(queries), len(index.centroids)
    if not len(index.members):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if probes >= cells:
        return np.tile(np.arange(count), cells), np.repeat(np.arange(cells), count)
    closeness = queries @ index.centroids.T  # (queries, cells)
    nearest = np.argpartition(closeness, cells - probes, axis=1)[:, cells - probes :]
    cell, query = nearest.ravel(), np.repeat(np.arange(count), probes)
    order = np.argsort(cell, kind="stable")
    return query[order], cell[order]


def _centroids(
    vectors: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    count = len(vectors)
    cells = 1 if count <= _EXHAUSTIVE else round(2 * count**0.5)
    size = min(count, cells * _SAMPLES_PER_CELL)
    sample = vectors[np.sort(rng.choice(count, size, replace=False))]
    if cells == 1:
        return np.zeros((1, vectors.shape[1]), dtype=np.float32)
    centroids = sample[rng.choice(size, cells, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centroids)
        order = np.argsort(nearest, kind="stable")
        used, starts = np.unique(nearest[order], return_index=True)
        centroids = centroids.copy()
        centroids[used] = np.add.reduceat(sample[order], starts, axis=0)
        centroids /= np.linalg.norm(centroids, axis=1, keepdims=True) + 1e-6
    return centroids


def _nearest(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return the number of the closest centroid of each vector, in bounded memory."""
    step = max(1, (1 << 24) // len(centroids))
    parts = [
        np.argmax(vectors[at : at + step] @ centroids.T, axis=1)
        for at in range(0, len(vectors), step)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
