"""Finds slices that look alike, and links them to groups.

Two slices are near-duplicates when their 64-bit difference hashes differ in few bits and
their grey thumbnails correlate. The hash alone links slices of different heads; the
correlation of the thumbnails decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tumorscope.domain.specs import DuplicateSpec

_HASH_SIDE = 8
_HASH_BITS = 64
_THUMBNAIL_PX = 48
_PAIRS_AT_ONCE = 1 << 18
_CORRELATIONS_AT_ONCE = 1 << 12
_FLAT = 1e-5
"""Relative spread of a thumbnail below which it is constant but for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a slice looks like.

    Attributes:
        difference_hash: 64 bits: whether the grey level rises from one of 9 x 8 cells to
            its right neighbour (dHash, Krawetz 2013).
        thumbnail: Shape (2304,), float32: a 48 x 48 grey picture with mean 0 and
            Euclidean norm 1, so that a dot product is Pearson's correlation.
    """

    difference_hash: int
    thumbnail: NDArray[np.float32]


def fingerprint(pixels: NDArray[Any]) -> Fingerprint:
    """Return the fingerprint of one slice.

    Args:
        pixels: Shape (height, width) or (height, width, 3), any numeric dtype.

    Returns:
        Hash and thumbnail; the thumbnail of a constant picture is all zero and
        correlates with nothing.
    """
    grey = pixels.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    cells = cv2.resize(grey, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA)
    rises = cells[:, 1:] > cells[:, :-1]  # (8, 8)
    small = cv2.resize(
        grey, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA
    ).ravel()
    centered = small - small.mean()
    norm = float(np.linalg.norm(centered))
    is_flat = norm <= _FLAT * float(np.linalg.norm(small))
    return Fingerprint(
        difference_hash=int.from_bytes(np.packbits(rises).tobytes(), "big"),
        thumbnail=np.zeros_like(centered) if is_flat else centered / norm,
    )


def find_near_duplicates(
    fingerprints: Sequence[Fingerprint], spec: DuplicateSpec
) -> NDArray[np.int64]:
    """Return all pairs of near-duplicates.

    The bits of a hash are cut into one band more than bits may differ, so two hashes
    within that distance share at least one whole band: only slices with an equal band
    are compared.

    Args:
        fingerprints: One for each slice.
        spec: Largest hash distance and smallest correlation.

    Returns:
        Shape (pairs, 2), the two slices of each pair, first below second, sorted.
    """
    if len(fingerprints) < 2:
        return np.empty((0, 2), dtype=np.int64)
    hashes = np.array([one.difference_hash for one in fingerprints], dtype=np.uint64)
    thumbnails = np.stack([one.thumbnail for one in fingerprints])
    found = [
        pairs[_are_alike(pairs, hashes, thumbnails, spec)]
        for pairs in _candidates(hashes, bands=spec.max_hash_distance + 1)
    ]
    return np.unique(np.concatenate([np.empty((0, 2), dtype=np.int64), *found]), axis=0)


def link_groups(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the connected component of each slice.

    Args:
        pairs: Shape (pairs, 2), as found.
        count: Slices in all.

    Returns:
        Shape (count,), a group number for each slice, from 0.
    """
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _are_alike(
    pairs: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    thumbnails: NDArray[np.float32],
    spec: DuplicateSpec,
) -> NDArray[np.bool_]:
    first, second = pairs.T
    close = np.bitwise_count(hashes[first] ^ hashes[second]) <= spec.max_hash_distance
    alike = np.zeros(len(pairs), dtype=np.bool_)
    close_rows = np.flatnonzero(close)
    for start in range(0, len(close_rows), _CORRELATIONS_AT_ONCE):
        rows = close_rows[start : start + _CORRELATIONS_AT_ONCE]
        correlation = np.einsum(
            "ij,ij->i", thumbnails[first[rows]], thumbnails[second[rows]]
        )
        alike[rows] = correlation >= spec.min_correlation
    return alike


def _candidates(
    hashes: NDArray[np.uint64], *, bands: int
) -> Iterator[NDArray[np.int64]]:
    """Yield pairs of slices that share a band, a bounded number at a time."""
    edges = np.linspace(0, _HASH_BITS, bands + 1).astype(int)
    for low, high in pairwise(edges):
        mask = np.uint64((1 << int(high - low)) - 1)
        band = (hashes >> np.uint64(low)) & mask
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(band[order]) != 0])
        for members in np.split(order, starts[1:]):
            yield from _pairs_within(np.sort(members))


def _pairs_within(members: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    if len(members) < 2:
        return
    step = max(1, _PAIRS_AT_ONCE // len(members))
    for start in range(0, len(members) - 1, step):
        block = np.arange(start, min(start + step, len(members) - 1))
        first, second = np.meshgrid(block, np.arange(len(members)), indexing="ij")
        upper = second > first
        yield np.stack([members[first[upper]], members[second[upper]]], axis=1)
