"""Nearest neighbors of many vectors: exact for small sets, an index for large ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

EXACT_UP_TO = 8192
"""Vectors up to which all pairs are compared."""
_LIST_SIZE = 256
_PROBED_LISTS = 12
_TRAINING_SIZE = 20_000
_KMEANS_ROUNDS = 12
_BLOCK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbors:
    """The nearest vectors of each vector, itself left out.

    Attributes:
        index: Shape (vectors, k), int64, nearest first.
        distance: Shape (vectors, k), float32, Euclidean, in the order of `index`.
    """

    index: NDArray[np.int64]
    distance: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of neighbors, each once.

    Attributes:
        first: Shape (pairs,), int64, below `second`.
        second: Shape (pairs,), int64.
        distance: Shape (pairs,), float32, at least 0.
        is_mutual: Shape (pairs,), whether each is a neighbor of the other.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.float32]
    is_mutual: NDArray[np.bool_]


def find_neighbors(vectors: NDArray[np.float32], k: int) -> Neighbors:
    """Find the k nearest vectors of each one.

    Up to `EXACT_UP_TO` vectors, all pairs are compared. Beyond that, vectors are put into
    lists around k-means centers, and a vector is compared with the lists nearest to its
    own: an inverted file (Jegou, Douze and Schmid 2011, IEEE TPAMI 33:117-128), whose
    time grows with n to the power of 1.5 at most and whose memory is one block of
    distances. It may miss a neighbor that lies across many lists.

    Args:
        vectors: Shape (vectors, dimensions), float32, at least two.
        k: Neighbors wanted; fewer are returned where the set has fewer others.

    Returns:
        Neighbors and their distances; the same input gives the same output.
    """
    k = min(k, len(vectors) - 1)
    if len(vectors) <= EXACT_UP_TO:
        everything = np.arange(len(vectors))
        blocks = [
            (everything[start : start + _BLOCK], everything)
            for start in range(0, len(vectors), _BLOCK)
        ]
    else:
        blocks = _probe_lists(vectors, k)
    squares = np.einsum("ij,ij->i", vectors, vectors)
    index = np.empty((len(vectors), k), dtype=np.int64)
    distance = np.empty((len(vectors), k), dtype=np.float32)
    for queries, candidates in blocks:
        cross = vectors[queries] @ vectors[candidates].T
        square = squares[queries, None] + squares[candidates] - 2 * cross
        square[queries[:, None] == candidates] = np.inf
        nearest = np.argpartition(square, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(square, nearest, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        index[queries] = candidates[np.take_along_axis(nearest, order, axis=1)]
        distance[queries] = np.sqrt(
            np.maximum(np.take_along_axis(found, order, axis=1), 0)
        )
    return Neighbors(index=index, distance=distance)


def pair_neighbors(neighbors: Neighbors, k: int) -> Pairs:
    """Return the pairs of slices of which one is among the other's k nearest.

    Args:
        neighbors: At least k for each vector, or all that there are.
        k: How many of them count.

    Returns:
        Each pair once, sorted.
    """
    index, distance = neighbors.index[:, :k], neighbors.distance[:, :k]
    count = len(index)
    source = np.repeat(np.arange(count), index.shape[1])
    target = index.ravel()
    key = np.minimum(source, target) * count + np.maximum(source, target)
    unique, place, times = np.unique(key, return_index=True, return_counts=True)
    return Pairs(
        first=unique // count,
        second=unique % count,
        distance=distance.ravel()[place],
        is_mutual=times > 1,
    )


def _probe_lists(
    vectors: NDArray[np.float32], k: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return blocks of queries with the candidates that each block is compared with."""
    lists = len(vectors) // max(_LIST_SIZE, k)
    step = -(-len(vectors) // _TRAINING_SIZE)
    kmeans = KMeans(
        lists, n_init=1, max_iter=_KMEANS_ROUNDS, tol=0, random_state=0, init="random"
    ).fit(vectors[::step])
    centers = kmeans.cluster_centers_.astype(np.float32)
    assigned = kmeans.predict(vectors)
    members = np.split(
        np.argsort(assigned, kind="stable"),
        np.cumsum(np.bincount(assigned, minlength=lists))[:-1],
    )
    apart = ((centers[:, None] - centers[None]) ** 2).sum(axis=2)  # (lists, lists)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :_PROBED_LISTS]
    blocks = []
    for number, queries in enumerate(members):
        candidates = np.concatenate([members[other] for other in nearest[number]])
        blocks += [
            (queries[start : start + _BLOCK], candidates)
            for start in range(0, len(queries), _BLOCK)
        ]
    return blocks
