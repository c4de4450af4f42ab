"""Searches copies: equal pixels by their digests, changed copies by what they show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.candidates import find_candidates
from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.pairs import CopyPairs, join_pairs, to_copy_pairs
from tumorscope.audit.copies.verification import compare_candidates
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.progress import Progress, silent


def group_equal(digests: NDArray[np.object_]) -> NDArray[np.int64]:
    """Number the slices so that equal pixels have one number.

    Args:
        digests: Shape (slices,), str.

    Returns:
        Shape (slices,), int64: row of the first slice with the same digest.
    """
    _, first, same = np.unique(
        digests.astype(str), return_index=True, return_inverse=True
    )
    return np.asarray(first[same], dtype=np.int64)


def find_copies(
    prints: CopyFingerprints, spec: CopySpec, *, progress: Progress = silent
) -> CopyPairs:
    """Find the changed copies within one set.

    Args:
        prints: Of all slices. Of slices with equal pixels only the first is looked at.
        spec: How they are searched.
        progress: Shows how far it got.

    Returns:
        Each pair once, most alike first.
    """
    is_repeated = group_equal(prints.digests) != np.arange(len(prints))
    looked_at = replace(prints, is_plain=prints.is_plain | is_repeated)
    return _ordered(_search(looked_at, looked_at, spec, progress))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Slices of one set that are in another one.

    Attributes:
        equal: Shape (pairs, 2), int64: numbers of slices of the known and of the other set
            with equal pixels; each slice of the other set once at most.
        changed: Changed copies; `first` counts the known set, `second` the other.
    """

    equal: NDArray[np.int64]
    changed: CopyPairs


def find_overlap(
    known: CopyFingerprints,
    other: CopyFingerprints,
    spec: CopySpec,
    *,
    progress: Progress = silent,
) -> Overlap:
    """Find the slices of another set that are in the known one.

    Both sets are asked for in the other: a slice of either may be the one that was cropped.

    Args:
        known: Of the set that is audited.
        other: Of the set that it is compared with.
        spec: How they are searched.
        progress: Shows how far it got.

    Returns:
        Equal slices, and changed copies of slices that have no equal one, most alike first.
    """
    row_of = dict(zip(known.digests[::-1], range(len(known))[::-1], strict=True))
    equal = [
        (row_of[digest], row)
        for row, digest in enumerate(other.digests)
        if digest in row_of
    ]
    rows = np.array(equal, dtype=np.int64).reshape(-1, 2)
    is_plain = other.is_plain.copy()
    is_plain[rows[:, 1]] = True
    rest = replace(other, is_plain=is_plain)
    forth = _search(known, rest, spec, progress)
    back = _search(rest, known, spec, progress).swapped()
    pairs = _ordered(join_pairs([forth, back]))
    _, once = np.unique(pairs.first * len(other) + pairs.second, return_index=True)
    return Overlap(equal=rows, changed=pairs.take(np.sort(once)))


def _search(
    sources: CopyFingerprints,
    targets: CopyFingerprints,
    spec: CopySpec,
    progress: Progress,
) -> CopyPairs:
    candidates = find_candidates(sources, targets, spec, progress=progress)
    compared = compare_candidates(candidates, sources, targets, spec, progress=progress)
    alike = compared.take(np.flatnonzero(compared.agreement >= spec.min_agreement))
    return to_copy_pairs(alike, sources, targets)


def _ordered(pairs: CopyPairs) -> CopyPairs:
    return pairs.take(np.lexsort((pairs.second, pairs.first, -pairs.agreement)))
