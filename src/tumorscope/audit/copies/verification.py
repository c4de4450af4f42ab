"""Aligns pairs that may be copies, and measures how far they agree."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.alignment import COARSE, FINE, Warps, align, shrink
from tumorscope.audit.copies.candidates import Candidates, join_candidates
from tumorscope.audit.copies.detail import measure_agreement
from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.orientation import orient_each
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.progress import Progress

LABEL = "comparing candidates"
_COARSE_PAIRS_AT_ONCE = 1024
_FINE_PAIRS_AT_ONCE = 64
_COARSE_SLACK = 0.05
"""By how much less small pictures may correlate: they are not yet well aligned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Pairs that were laid on each other.

    Attributes:
        pairs: Which slices, and how the source is turned.
        warps: Where the targets lie in the turned sources.
        agreement: Shape (pairs,), float32, in [-1, 1].
    """

    pairs: Candidates
    warps: Warps
    agreement: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> Compared:
        """Return these pairs, in this order."""
        return Compared(
            pairs=self.pairs.take(rows),
            warps=self.warps.take(rows),
            agreement=self.agreement[rows],
        )


def compare_candidates(
    candidates: Candidates,
    sources: CopyFingerprints,
    targets: CopyFingerprints,
    spec: CopySpec,
    *,
    progress: Progress,
) -> Compared:
    """Align candidates and measure how far they agree.

    Small pictures sort most pairs out; only what is left is aligned to a fraction of a
    pixel.

    Args:
        candidates: Pairs that may be copies.
        sources: The slices that `candidates.source` counts.
        targets: The slices that `candidates.target` counts.
        spec: When a pair is given up.
        progress: Shows how many blocks of pairs were compared.

    Returns:
        The pairs that could be aligned, in the order of the candidates. Those with
        agreement of at least `spec.min_agreement` are copies.
    """
    small = _shrink_all(sources)
    sides = (small, small if targets is sources else _shrink_all(targets))
    start = Compared(
        pairs=candidates,
        warps=candidates.first_warps(),
        agreement=np.zeros(len(candidates), dtype=np.float32),
    )
    coarse = partial(_align_coarsely, sides, spec)
    left = _in_blocks(start, coarse, _COARSE_PAIRS_AT_ONCE, progress)
    fine = partial(_align_finely, (sources, targets), spec)
    return _in_blocks(left, fine, _FINE_PAIRS_AT_ONCE, progress)


def _in_blocks(
    pairs: Compared,
    work: Callable[[Compared], Compared],
    size: int,
    progress: Progress,
) -> Compared:
    rows = np.arange(len(pairs.pairs))
    blocks = [pairs.take(part) for part in np.split(rows, range(size, len(rows), size))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = progress(pool.map(work, blocks), total=len(blocks), label=LABEL)
        parts = list(results)
    return Compared(
        pairs=join_candidates(each.pairs for each in parts),
        warps=Warps(
            scale=np.concatenate([each.warps.scale for each in parts]),
            shift=np.concatenate([each.warps.shift for each in parts]),
        ),
        agreement=np.concatenate([each.agreement for each in parts]),
    )


def _shrink_all(prints: CopyFingerprints) -> NDArray[np.int8]:
    """Return all pictures at the coarse side, shape (slices, 16, 16)."""
    side = COARSE[-1][0]
    small = np.empty((len(prints), side, side), dtype=np.int8)
    for at in range(0, len(prints), _COARSE_PAIRS_AT_ONCE):
        block = prints.pictures[at : at + _COARSE_PAIRS_AT_ONCE].astype(np.float32)
        small[at : at + _COARSE_PAIRS_AT_ONCE] = np.rint(shrink(block, side))
    return small


def _align_coarsely(
    sides: tuple[NDArray[np.int8], NDArray[np.int8]], spec: CopySpec, given: Compared
) -> Compared:
    """Return the pairs whose small pictures fit."""
    pairs, (sources, targets) = given.pairs, sides
    turned = orient_each(sources[pairs.source], pairs.orientation)
    aligned = align(
        turned.astype(np.float32),
        targets[pairs.target].astype(np.float32),
        given.warps,
        COARSE,
        min_correlation=spec.min_correlation - _COARSE_SLACK,
    )
    left = given.take(aligned.kept)
    return Compared(pairs=left.pairs, warps=aligned.warps, agreement=left.agreement)


def _align_finely(
    sides: tuple[CopyFingerprints, CopyFingerprints], spec: CopySpec, given: Compared
) -> Compared:
    """Return the pairs whose pictures fit, and how far they agree."""
    pairs, (sources, targets) = given.pairs, sides
    turned = orient_each(sources.pictures[pairs.source], pairs.orientation)
    target = targets.pictures[pairs.target].astype(np.float32)
    aligned = align(
        turned.astype(np.float32),
        target,
        given.warps,
        FINE,
        min_correlation=spec.min_correlation,
    )
    moved = zip(aligned.moved, target[aligned.kept], aligned.inside, strict=True)
    agreement = [measure_agreement(*each) for each in moved]
    return Compared(
        pairs=pairs.take(aligned.kept),
        warps=aligned.warps,
        agreement=np.array(agreement, dtype=np.float32),
    )
