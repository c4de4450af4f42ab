"""Files that cannot be used, and files that look unlike the others.

A file that is unlike the others is no fault by itself: every set has a few. It becomes one
when the label goes with it, because a model then learns the file and not the brain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from tumorscope.audit.audited import AuditedCohort
from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.shortcuts.traits import SliceTraits
from tumorscope.audit.slice_facts import COLOR, NEARLY_GREY, SliceFacts
from tumorscope.audit.ties import LabelTie, adjust, tie_to_label
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.run_record import LeftOut

UNREADABLE_GATE, SUSPICIOUS_GATE = "unreadable-files", "suspicious-files"
_ENDINGS = {"PNG": {".png"}, "JPEG": {".jpg", ".jpeg"}, "TIFF": {".tif", ".tiff"}}
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousKind:
    """One way of being unlike the others.

    Attributes:
        name: A few words.
        meaning: What it may mean, in words.
        is_judged: Whether the gate looks at it. What comes and goes with the height in
            the head is not judged: tumors do so too.
        rows: Rows of the manifest that are so.
        images: Their files.
        n_patients: Patients (or groups) that they belong to.
        tie: How far it goes with the label; None where no slice, or every slice, is so.
    """

    name: str
    meaning: str
    is_judged: bool
    rows: tuple[int, ...]
    images: tuple[str, ...]
    n_patients: int
    tie: LabelTie | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityReport:
    """What is wrong with the files.

    Attributes:
        unit: What an owner is called.
        n_slices: Usable slices.
        n_patients: Patients (or groups) of these.
        unusable: Files that were left out, with the reason.
        kinds: Ways of being unlike the others, those that occur first.
        mixes: Traits of files that differ within the cohort, and how far each goes with
            the label.
        uniform: Traits in which all files are alike, with their value.
    """

    unit: str
    n_slices: int
    n_patients: int
    unusable: tuple[LeftOut, ...]
    kinds: tuple[SuspiciousKind, ...]
    mixes: tuple[LabelTie, ...]
    uniform: tuple[tuple[str, str], ...]


def check_integrity(cohort: AuditedCohort, spec: AuditSpec) -> IntegrityReport:
    """Look for files that are unlike the others, and whether the label goes with them.

    Args:
        cohort: Slices with facts of their pixels and traits of their files.
        spec: When a slice is called tiny, elongated, faint or marked.

    Returns:
        What was found. The p-values of all traits that differ are one family.
    """
    columns = dict(_file_columns(cohort.traits))
    flags = {
        name: np.array(
            [test(fact, trait, image) for fact, trait, image in _each(cohort)]
        )
        for name, test in _tests(cohort.facts, spec).items()
    }
    varying = {
        name: [_YES if each else _NO for each in flag]
        for name, flag in flags.items()
        if flag.any() and not flag.all()
    }
    varying |= {
        name: values
        for name, values in columns.items()
        if 1 < len(set(values)) <= max(2, cohort.n_owners // 2)
    }
    ties = {tie.column: tie for tie in _ties(cohort, varying, spec)}
    kinds = [_kind(name, cohort, flags[name], ties.get(name)) for name in flags]
    return IntegrityReport(
        unit=cohort.unit,
        n_slices=len(cohort.manifest),
        n_patients=cohort.n_owners,
        unusable=cohort.left_out,
        kinds=tuple(sorted(kinds, key=lambda each: -len(each.rows))),
        mixes=tuple(ties[name] for name in columns if name in ties),
        uniform=tuple(
            (name, values[0])
            for name, values in columns.items()
            if len(set(values)) == 1
        ),
    )


def integrity_gates(
    report: IntegrityReport, spec: AuditSpec
) -> tuple[GateOutcome, GateOutcome]:
    """Judge whether too many files are unusable, or the label goes with how files look.

    Returns:
        The gates `unreadable-files` and `suspicious-files`.
    """
    files = report.n_slices + len(report.unusable)
    share = len(report.unusable) / files
    unreadable = GateOutcome(
        gate=UNREADABLE_GATE,
        has_failed=share > spec.max_unusable_share,
        sentence=(
            f"{len(report.unusable)} of {files} files cannot be used"
            + (", and what they would have shown is not known." if share else ".")
        ),
    )
    judged = [each.tie for each in report.kinds if each.is_judged and each.tie]
    tied = [
        tie
        for tie in (*judged, *report.mixes)
        if tie.p_adjusted <= spec.max_p and tie.separation >= spec.min_trait_separation
    ]
    if not tied:
        words = "The label goes with no trait of the files that was looked at."
    else:
        words = (
            "The label goes with " + "; ".join(_tied_words(tie) for tie in tied) + "."
        )
    return unreadable, GateOutcome(
        gate=SUSPICIOUS_GATE, has_failed=bool(tied), sentence=words
    )


def _tied_words(tie: LabelTie) -> str:
    n = tie.n_between or tie.n_within
    return (
        f"“{tie.column}” (balanced accuracy {tie.separation:.2f} from this alone, "
        f"adjusted p = {tie.p_adjusted:.2g}, n = {n})"
    )


def _each(cohort: AuditedCohort) -> Iterator[tuple[SliceFacts, SliceTraits, str]]:
    return zip(cohort.facts, cohort.traits, cohort.images, strict=True)


_Test = Callable[[SliceFacts, SliceTraits, str], bool]

_MEANINGS: dict[str, tuple[str, bool]] = {
    "bright edge": ("a frame, or a background that is not dark", True),
    "colored marks": ("letters, arrows or outlines in color, burned in", True),
    "color picture": ("a picture in color among grey ones", True),
    "alpha channel": ("transparency, which no scanner writes: an edited picture", True),
    "wrong ending": ("the name says another format than the content has", True),
    "marks off the head": (
        "letters, skin markers, or leftovers of skull stripping",
        False,
    ),
    "faint": (
        "almost no contrast: an empty slice, or one that was exported badly",
        False,
    ),
    "tiny": ("a thumbnail: too few pixels for a lesion", True),
    "elongated": ("a cut-out, a mosaic, or another plane", True),
}


def _tests(facts: Sequence[SliceFacts], spec: AuditSpec) -> dict[str, _Test]:
    """Return the rule behind each name of `_MEANINGS`."""
    colored = sum(fact.channels == COLOR for fact in facts)
    is_grey_set = 2 * colored < len(facts)
    return {
        "bright edge": lambda fact, _, __: fact.has_bright_edge,
        "colored marks": lambda fact, _, __: (
            is_grey_set and fact.channels == NEARLY_GREY and fact.colored_share > 0
        ),
        "color picture": lambda fact, _, __: is_grey_set and fact.channels == COLOR,
        "alpha channel": lambda _, trait, __: (
            "alpha" in trait.mode or trait.mode.endswith((" x2", " x4"))
        ),
        "wrong ending": lambda _, trait, image: (
            PurePosixPath(image).suffix.lower() not in _ENDINGS[trait.format]
        ),
        "marks off the head": lambda fact, _, __: fact.marks_px >= spec.min_marks_px,
        "faint": lambda fact, _, __: fact.contrast < spec.min_contrast,
        "tiny": lambda fact, _, __: (
            min(fact.height_px, fact.width_px) < spec.min_side_px
        ),
        "elongated": lambda fact, _, __: (
            max(fact.height_px, fact.width_px)
            > spec.max_aspect * min(fact.height_px, fact.width_px)
        ),
    }


def _file_columns(traits: Sequence[SliceTraits]) -> Iterator[tuple[str, list[str]]]:
    """Yield what files may differ in, with the value of each file."""
    yield "picture size", [f"{each.width_px} x {each.height_px}" for each in traits]
    yield "file format", [each.format for each in traits]
    yield "kind of pixels", [each.mode for each in traits]
    yield "bits", [str(each.bits) for each in traits]
    yield "compression", [each.compression for each in traits]
    yield "JPEG tables", [each.jpeg_tables or "none" for each in traits]
    yield "pixel density", [each.density or "none" for each in traits]


def _ties(
    cohort: AuditedCohort, varying: dict[str, list[str]], spec: AuditSpec
) -> tuple[LabelTie, ...]:
    generator = np.random.default_rng(spec.seed)
    return adjust(
        [
            tie_to_label(
                name,
                values,
                labels=cohort.manifest.labels,
                owners=cohort.owners,
                permutations=spec.permutations,
                generator=generator,
            )
            for name, values in varying.items()
        ]
    )


def _kind(
    name: str,
    cohort: AuditedCohort,
    flag: np.ndarray[tuple[int], np.dtype[np.bool_]],
    tie: LabelTie | None,
) -> SuspiciousKind:
    rows = np.flatnonzero(flag)
    meaning, is_judged = _MEANINGS[name]
    images = cohort.images
    return SuspiciousKind(
        name=name,
        meaning=meaning,
        is_judged=is_judged,
        rows=tuple(int(row) for row in rows),
        images=tuple(images[row] for row in rows),
        n_patients=len(Counter(cohort.owners[rows])),
        tie=tie,
    )
