"""What the copies in a cohort mean for it: labels, patients and parts of the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.pairs import CopyPairs
from tumorscope.audit.copies.search import Overlap, group_equal
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.split import Split

EQUAL = ("pixels are equal",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCohort:
    """What is known of slices besides what they show.

    Attributes:
        images: Their files.
        labels: Shape (slices,), float64: 0, 1, or NaN where unknown.
        patients: Shape (slices,), str, or None where unknown.
        part: Shape (slices, folds), str: the split; no column where there is none.
        fold_names: One for each column of `part`.
    """

    images: tuple[str, ...]
    labels: NDArray[np.float64]
    patients: NDArray[np.object_]
    part: NDArray[np.object_]
    fold_names: tuple[str, ...] = ()

    @classmethod
    def from_manifest(cls, manifest: Manifest, split: Split | None = None) -> Self:
        """Take what a manifest knows, and the split where there is one."""
        table = manifest.table
        patients = table["patient_id"].astype(object)
        return cls(
            images=tuple(str(each) for each in table["image"]),
            labels=table["label"].to_numpy(dtype=np.float64, na_value=np.nan),
            patients=patients.where(patients.notna(), None).to_numpy(dtype=object),
            part=np.empty((len(table), 0), dtype=object)
            if split is None
            else split.part,
            fold_names=() if split is None else split.fold_names,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFinding:
    """Two slices that are one picture, and what is wrong with that.

    Attributes:
        rows: Their numbers.
        images: Their files.
        changes: What was done to the first to get the second, in words.
        agreement: How far their fine detail agrees; 1 for equal pixels.
        conflict: What the two say differently, in words.
    """

    rows: tuple[int, int]
    images: tuple[str, str]
    changes: tuple[str, ...]
    agreement: float
    conflict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """The copies in a cohort.

    Attributes:
        n_slices: Slices in all.
        n_plain: Slices that show too little: only equal pixels tell that they are copies.
        n_repeated: Slices whose pixels stand elsewhere already.
        n_changed_pairs: Pairs of changed copies.
        n_changed_slices: Slices in them.
        groups: Files of each group of copies, equal and changed, largest first.
        kinds: For each change the number of pairs in which it was found; a pair may have
            several.
        contradictions: Slices with equal pixels and different labels.
        changed_contradictions: Changed copies with different labels.
        across_patients: Copies under different patients.
        across_parts: Copies in different parts of the split; None where there is no split.
        has_labels: Whether any label is known.
        has_patients: Whether any patient is known.
    """

    n_slices: int
    n_plain: int
    n_repeated: int
    n_changed_pairs: int
    n_changed_slices: int
    groups: tuple[tuple[str, ...], ...]
    kinds: tuple[tuple[str, int], ...]
    contradictions: tuple[CopyFinding, ...]
    changed_contradictions: tuple[CopyFinding, ...]
    across_patients: tuple[CopyFinding, ...]
    across_parts: tuple[CopyFinding, ...] | None
    has_labels: bool
    has_patients: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapReport:
    """Which slices of another set are in this one.

    Attributes:
        n_known: Slices of this set.
        n_other: Slices of the other set.
        equal: Pairs with equal pixels; the first is of this set.
        changed: Changed copies; the first is of this set.
        n_other_slices: Slices of the other set that are in this one.
        other_patients: Their patients, where known.
        n_other_patients: Patients of the other set; 0 where unknown.
    """

    n_known: int
    n_other: int
    equal: tuple[CopyFinding, ...]
    changed: tuple[CopyFinding, ...]
    n_other_slices: int
    other_patients: tuple[str, ...]
    n_other_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linked:
    """All pairs of copies: equal ones, then changed ones."""

    rows: NDArray[np.int64]
    changed: CopyPairs
    n_equal: int = field(default=0)

    def finding(
        self, number: int, firsts: CopyCohort, seconds: CopyCohort, conflict: str
    ) -> CopyFinding:
        first, second = (int(each) for each in self.rows[number])
        row = number - self.n_equal
        return CopyFinding(
            rows=(first, second),
            images=(firsts.images[first], seconds.images[second]),
            changes=EQUAL if row < 0 else self.changed.changes(row),
            agreement=1.0 if row < 0 else float(self.changed.agreement[row]),
            conflict=conflict,
        )


def link_copies(prints: CopyFingerprints, pairs: CopyPairs) -> NDArray[np.int64]:
    """Return groups of copies, for a split that keeps them together.

    Args:
        prints: Of all slices.
        pairs: Their changed copies.

    Returns:
        Shape (slices,), int64: a number for each connected component of equal pixels and
        changed copies.
    """
    count, same = len(prints), group_equal(prints.digests)
    first = np.concatenate([np.arange(count), pairs.first])
    second = np.concatenate([same, pairs.second])
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def report_copies(
    prints: CopyFingerprints, pairs: CopyPairs, cohort: CopyCohort
) -> CopyReport:
    """Say what the copies in a cohort mean.

    Args:
        prints: Of all slices.
        pairs: Their changed copies.
        cohort: What is known of the same slices.
    """
    linked = _linked(prints, pairs)
    changed_rows = np.concatenate([pairs.first, pairs.second])
    contradicting = _label_conflicts(linked, cohort)
    return CopyReport(
        n_slices=len(prints),
        n_plain=int(prints.is_plain.sum()),
        n_repeated=linked.n_equal,
        n_changed_pairs=len(pairs),
        n_changed_slices=len(np.unique(changed_rows)),
        groups=_groups(link_copies(prints, pairs), cohort.images),
        kinds=_count_kinds(pairs),
        contradictions=_equal_contradictions(prints, cohort),
        changed_contradictions=tuple(
            each for each in contradicting if each.changes != EQUAL
        ),
        across_patients=_patient_conflicts(linked, cohort),
        across_parts=_part_conflicts(linked, cohort) if cohort.fold_names else None,
        has_labels=bool(np.isfinite(cohort.labels).any()),
        has_patients=bool(pd.notna(cohort.patients).any()),
    )


def report_overlap(
    overlap: Overlap, known: CopyCohort, other: CopyCohort
) -> OverlapReport:
    """Say which slices and patients of another set are in this one.

    Args:
        overlap: What was found.
        known: This set.
        other: The other set.
    """
    changed = overlap.changed
    rows = np.concatenate(
        [overlap.equal, np.stack([changed.first, changed.second], axis=1)]
    )
    linked = _Linked(rows=rows, changed=changed, n_equal=len(overlap.equal))
    found = tuple(
        linked.finding(number, known, other, _owners(known, other, first, second))
        for number, (first, second) in enumerate(rows.tolist())
    )
    others = np.unique(rows[:, 1])
    patients = other.patients[others]
    return OverlapReport(
        n_known=len(known.images),
        n_other=len(other.images),
        equal=found[: linked.n_equal],
        changed=found[linked.n_equal :],
        n_other_slices=len(others),
        other_patients=tuple(
            sorted({str(each) for each in patients if each is not None})
        ),
        n_other_patients=len({each for each in other.patients if each is not None}),
    )


def _linked(prints: CopyFingerprints, pairs: CopyPairs) -> _Linked:
    same = group_equal(prints.digests)
    repeated = np.flatnonzero(same != np.arange(len(same)))
    equal = np.stack([same[repeated], repeated], axis=1)
    changed = np.stack([pairs.first, pairs.second], axis=1)
    return _Linked(
        rows=np.concatenate([equal, changed]), changed=pairs, n_equal=len(equal)
    )


def _equal_contradictions(
    prints: CopyFingerprints, cohort: CopyCohort
) -> tuple[CopyFinding, ...]:
    """Compare labels within equal pixels; slices without a label take no part."""
    known = np.flatnonzero(np.isfinite(cohort.labels))
    if not len(known):
        return ()
    first = known[group_equal(prints.digests[known])]
    rows = np.stack([first, known], axis=1)
    rows = rows[cohort.labels[first] != cohort.labels[known]]
    return tuple(
        CopyFinding(
            rows=(int(one), int(two)),
            images=(cohort.images[one], cohort.images[two]),
            changes=EQUAL,
            agreement=1.0,
            conflict=_labels(cohort, int(one), int(two)),
        )
        for one, two in rows
    )


def _label_conflicts(linked: _Linked, cohort: CopyCohort) -> tuple[CopyFinding, ...]:
    first, second = cohort.labels[linked.rows].T
    # NaN differs from everything, but an unknown label contradicts nothing.
    differs = np.isfinite(first) & np.isfinite(second) & (first != second)
    return tuple(
        linked.finding(
            number, cohort, cohort, _labels(cohort, *linked.rows[number].tolist())
        )
        for number in np.flatnonzero(differs).tolist()
    )


def _patient_conflicts(linked: _Linked, cohort: CopyCohort) -> tuple[CopyFinding, ...]:
    first, second = cohort.patients[linked.rows].T
    differs = pd.notna(first) & pd.notna(second) & (first != second)
    return tuple(
        linked.finding(
            number, cohort, cohort, f"patients {first[number]} and {second[number]}"
        )
        for number in np.flatnonzero(differs).tolist()
    )


def _part_conflicts(linked: _Linked, cohort: CopyCohort) -> tuple[CopyFinding, ...]:
    """Name for each torn pair the first fold that tears it."""
    first, second = cohort.part[linked.rows[:, 0]], cohort.part[linked.rows[:, 1]]
    differs = first != second  # (pairs, folds)
    found = []
    for number in np.flatnonzero(differs.any(axis=1)).tolist():
        fold = int(np.flatnonzero(differs[number])[0])
        conflict = f"{first[number, fold]} and {second[number, fold]}"
        if len(cohort.fold_names) > 1:
            conflict += f" in {cohort.fold_names[fold]}"
        found.append(linked.finding(number, cohort, cohort, conflict))
    return tuple(found)


def _labels(cohort: CopyCohort, first: int, second: int) -> str:
    return f"labels {cohort.labels[first]:.0f} and {cohort.labels[second]:.0f}"


def _owners(known: CopyCohort, other: CopyCohort, first: int, second: int) -> str:
    """Name both patients as far as they are known."""
    names = (known.patients[first], other.patients[second])
    words = ["no patient id" if each is None else f"patient {each}" for each in names]
    return f"{words[0]} here, {words[1]} there"


def _groups(
    group: NDArray[np.int64], images: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    several = sorted((part for part in parts if len(part) > 1), key=len, reverse=True)
    return tuple(tuple(images[row] for row in part) for part in several)


def _count_kinds(pairs: CopyPairs) -> tuple[tuple[str, int], ...]:
    """Count the changes; a crop or a new size counts as one kind whatever its amount."""
    names: list[str] = []
    for row in range(len(pairs)):
        names += {_kind(each) for each in pairs.changes(row)}
    counts = pd.Series(names, dtype=object).value_counts()
    return tuple((str(name), int(count)) for name, count in counts.items())


def _kind(change: str) -> str:
    return next(
        (
            kind
            for start, kind in (
                ("cropped", "cropped"),
                ("shows more", "cropped"),
                ("resized", "resized"),
            )
            if change.startswith(start)
        ),
        change,
    )
