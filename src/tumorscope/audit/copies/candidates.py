"""Pairs of slices that may be copies: a quick search, before any pair is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tumorscope.audit.copies.alignment import Warps
from tumorscope.audit.copies.descriptors import (
    CROPS,
    DIMENSIONS,
    describe,
    orient_descriptors,
)
from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.inverted_index import InvertedIndex, build_index, search
from tumorscope.audit.copies.orientation import ORIENTATIONS
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.progress import Progress

LABEL = "looking for copies"
_SLICES_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Pairs that may be copies: the source, cropped and turned, looks like the target.

    Attributes:
        source: Shape (pairs,), int64: slice that is cropped and turned.
        target: Shape (pairs,), int64: slice that it may have become.
        crop: Shape (pairs,), int64: which of `CROPS` is cut from the source.
        orientation: Shape (pairs,), int64: how the source is turned then.
        similarity: Shape (pairs,), float32: of the two descriptors.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    crop: NDArray[np.int64]
    orientation: NDArray[np.int64]
    similarity: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.source)

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        """Return these pairs, in this order."""
        return Candidates(
            source=self.source[rows],
            target=self.target[rows],
            crop=self.crop[rows],
            orientation=self.orientation[rows],
            similarity=self.similarity[rows],
        )

    def first_warps(self) -> Warps:
        """Return where the targets lie in the turned sources, as far as is known yet."""
        # (pairs, axis, before or after), in the frame of the source
        cuts = np.array(CROPS, dtype=np.float32)[self.crop]
        swapped, upside_down, mirrored = (
            self.orientation & bit > 0 for bit in (4, 2, 1)
        )
        cuts[swapped] = cuts[swapped][:, ::-1]
        cuts[upside_down, 0] = cuts[upside_down, 0, ::-1]
        cuts[mirrored, 1] = cuts[mirrored, 1, ::-1]
        return Warps(scale=1 - cuts.sum(axis=2), shift=cuts[:, :, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """Slices that are asked for with the same crops.

    Attributes:
        rows: Shape (slices,), int64: which slices stand here.
        index: Of their descriptors.
        crops: Which crops of the sources they are compared with.
    """

    rows: NDArray[np.int64]
    index: InvertedIndex
    crops: slice


def find_candidates(
    sources: CopyFingerprints,
    targets: CopyFingerprints,
    spec: CopySpec,
    *,
    progress: Progress,
) -> Candidates:
    """Find the targets that sources may have become.

    Every source is asked for in eight orientations. Only a slice whose head reaches its
    frame can have lost a part of the head to a crop: those are asked for with the crops of
    each source too.

    Args:
        sources: Slices, cropped and turned.
        targets: Slices as they are. The same object as `sources` finds copies within one
            set: no slice is its own candidate, and each pair comes once.
        spec: How similar, how many, and how thoroughly.
        progress: Shows how many blocks of sources were asked for.

    Returns:
        For each source the most similar targets; plain slices are left out.
    """
    usable = ~targets.is_plain
    vectors = _describe_all(targets)
    shelves = [
        _Shelf(rows=rows, index=build_index(vectors[rows], seed=spec.seed), crops=crops)
        for rows, crops in (
            (np.flatnonzero(usable), slice(0, 1)),
            (np.flatnonzero(usable & targets.touches_frame), slice(1, len(CROPS))),
        )
        if len(rows)
    ]
    rows = np.flatnonzero(~sources.is_plain)
    blocks = np.split(rows, range(_SLICES_AT_ONCE, len(rows), _SLICES_AT_ONCE))
    ask = partial(_ask, sources, shelves, spec, is_one_set=sources is targets)
    # Many small products: threads inside each would only wait for one another.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
    ):
        answers = progress(pool.map(ask, blocks), total=len(blocks), label=LABEL)
        found = join_candidates(answers)
    return _each_pair_once(found) if sources is targets else found


def _describe_all(prints: CopyFingerprints) -> NDArray[np.float32]:
    parts = [
        describe(prints.pictures[at : at + _SLICES_AT_ONCE].astype(np.float32))
        for at in range(0, len(prints), _SLICES_AT_ONCE)
    ]
    nothing = np.empty((0, DIMENSIONS), dtype=np.float32)
    return np.concatenate([nothing, *(each.reshape(-1, DIMENSIONS) for each in parts)])


def _ask(
    sources: CopyFingerprints,
    shelves: list[_Shelf],
    spec: CopySpec,
    block: NDArray[np.int64],
    *,
    is_one_set: bool,
) -> Candidates:
    """Return the best candidates of some sources."""
    pictures = sources.pictures[block].astype(np.float32)
    grids = describe(pictures, crops=len(CROPS) if len(shelves) > 1 else 1)
    found = [_ask_shelf(grids, block, shelf, spec) for shelf in shelves]
    pairs = join_candidates(found)
    if is_one_set:
        pairs = pairs.take(np.flatnonzero(pairs.source != pairs.target))
    return _best_of_each_source(pairs, spec.candidates_per_slice)


def _ask_shelf(
    grids: NDArray[np.float32],
    block: NDArray[np.int64],
    shelf: _Shelf,
    spec: CopySpec,
) -> Candidates:
    crops = grids[:, shelf.crops]  # (slices, crops, 10, 10)
    turned = np.stack(
        [orient_descriptors(crops, each) for each in range(ORIENTATIONS)]
    )  # (8, slices, crops, 10, 10)
    hits = search(
        shelf.index,
        turned.reshape(-1, DIMENSIONS),
        min_similarity=spec.min_similarity,
        probes=spec.probes,
    )
    orientation, slice_of, crop = np.unravel_index(hits.query, turned.shape[:3])
    return Candidates(
        source=block[slice_of],
        target=shelf.rows[hits.member],
        crop=crop.astype(np.int64) + (shelf.crops.start or 0),
        orientation=orientation.astype(np.int64),
        similarity=hits.similarity,
    )


def join_candidates(parts: Iterable[Candidates]) -> Candidates:
    """Put candidates one after another; without any part there is no candidate."""
    rows = np.empty(0, dtype=np.int64)
    nothing = Candidates(
        source=rows,
        target=rows,
        crop=rows,
        orientation=rows,
        similarity=rows.astype(np.float32),
    )
    whole = [nothing, *parts]
    return Candidates(
        source=np.concatenate([each.source for each in whole]),
        target=np.concatenate([each.target for each in whole]),
        crop=np.concatenate([each.crop for each in whole]),
        orientation=np.concatenate([each.orientation for each in whole]),
        similarity=np.concatenate([each.similarity for each in whole]),
    )


def _best_of_each_source(pairs: Candidates, most: int) -> Candidates:
    """Keep the best way to see each pair, then the best pairs of each source."""
    order = np.lexsort((-pairs.similarity, pairs.target, pairs.source))
    pairs = pairs.take(order)
    is_first = np.r_[True, (np.diff(pairs.source) != 0) | (np.diff(pairs.target) != 0)][
        : len(pairs)
    ]
    pairs = pairs.take(np.flatnonzero(is_first))
    pairs = pairs.take(np.lexsort((-pairs.similarity, pairs.source)))
    starts = np.flatnonzero(np.r_[True, np.diff(pairs.source) != 0][: len(pairs)])
    sizes = np.diff(np.r_[starts, len(pairs)])
    rank = np.arange(len(pairs)) - np.repeat(starts, sizes)
    return pairs.take(np.flatnonzero(rank < most))


def _each_pair_once(pairs: Candidates) -> Candidates:
    """Of a pair seen from both sides, keep the side that looks more alike."""
    low = np.minimum(pairs.source, pairs.target)
    high = np.maximum(pairs.source, pairs.target)
    order = np.lexsort((-pairs.similarity, high, low))
    is_first = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]
    return pairs.take(order[is_first[: len(order)]])
