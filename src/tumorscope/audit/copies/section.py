"""Copies and overlap as sections of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.copy_gates import copy_gates, overlap_gate
from tumorscope.audit.copies.report import CopyFinding, CopyReport, OverlapReport
from tumorscope.audit.gates import GateOutcome
from tumorscope.pages.limit import Limit
from tumorscope.pages.picture import Picture
from tumorscope.pages.section import Section, Status, Table

Load = Callable[[int], NDArray[Any]]
"""Reads the pixels of a slice, shape (height, width) or (height, width, 3)."""
_ROWS = 20
_SIDE_PX = 240
_GAP_PX = 8
_LIMITS = (
    Limit(
        lead="Very close slices",
        text=(
            "Slices of one head that lie closer than about 3 mm can look so alike that "
            "they are called changed copies. They belong to one patient, so that to keep "
            "them in one part of a split is right all the same."
        ),
    ),
    Limit(
        lead="What is not searched",
        text=(
            "Copies that were turned by other angles than 90, 180 and 270 degrees, that "
            "lost more than about a tenth of a side, or that show another sequence of the "
            "same slice are not found."
        ),
    ),
)


def copies_section(
    report: CopyReport, *, load: Load, pictures: int, status: Status | None = None
) -> Section:
    """Draw the copies in a cohort.

    Args:
        report: The copies.
        load: Reads the pixels of a row, for the pictures.
        pictures: Pairs of each kind of finding to show.
        status: Outcome of the gates; None takes it from them, as if nothing was waived.
    """
    findings = (
        ("Equal pixels, different labels", report.contradictions),
        ("Copies in different parts of the split", report.across_parts or ()),
        ("Copies under different patients", report.across_patients),
        ("Changed copies with different labels", report.changed_contradictions),
    )
    gates = copy_gates(report)
    return Section(
        name="copies",
        title="Copies of slices",
        status=_status(gates) if status is None else status,
        sentences=(*(gate.sentence for gate in gates), *_sentences(report)),
        limits=_LIMITS if report.n_changed_pairs else _LIMITS[1:],
        tables=tuple(
            table
            for table in (
                _kinds_table(report),
                _groups_table(report),
                *(_findings_table(*each) for each in findings),
            )
            if table.rows
        ),
        pictures=tuple(
            _pair_picture(each, load, load)
            for _, found in findings
            for each in found[:pictures]
        ),
        is_folded=not any(gate.has_failed for gate in gates),
    )


def overlap_section(
    report: OverlapReport,
    *,
    load: Load,
    load_other: Load,
    pictures: int,
    status: Status | None = None,
) -> Section:
    """Draw which slices of another set are in this one.

    Args:
        report: What was found.
        load: Reads the pixels of a row of this set.
        load_other: Reads the pixels of a row of the other set.
        pictures: Pairs of each kind to show.
        status: Outcome of the gate; None takes it from it, as if nothing was waived.
    """
    gate = overlap_gate(report)
    findings = (
        ("Slices of the other set with equal pixels", report.equal),
        ("Slices of the other set that are changed copies", report.changed),
    )
    patients = Table(
        caption="Patients of the other set with slices in this one",
        columns=("Patient",),
        rows=tuple((each,) for each in report.other_patients[:_ROWS]),
    )
    tables = (*(_findings_table(*each) for each in findings), patients)
    return Section(
        name="overlap",
        title="Overlap with another set",
        status=_status((gate,)) if status is None else status,
        sentences=(
            gate.sentence,
            f"{len(report.equal)} of its slices have equal pixels here; "
            f"{len(report.changed)} pairs are changed copies. This set has "
            f"{report.n_known} slices.",
        ),
        limits=_LIMITS,
        tables=tuple(table for table in tables if table.rows),
        pictures=tuple(
            _pair_picture(each, load, load_other)
            for _, found in findings
            for each in found[:pictures]
        ),
        is_folded=not gate.has_failed,
    )


def _status(gates: Sequence[GateOutcome]) -> Status:
    if any(gate.has_failed for gate in gates):
        return "failed"
    return "passed" if any(gate.is_assessed for gate in gates) else "cannot be assessed"


def _sentences(report: CopyReport) -> tuple[str, ...]:
    told = [
        f"{report.n_repeated} of {report.n_slices} slices have the pixels of another "
        f"slice. {report.n_changed_slices} slices are changed copies of each other "
        f"({report.n_changed_pairs} pairs): encoded anew, resized, cropped, mirrored, "
        "turned, or with other contrast.",
    ]
    if report.has_patients:
        told.append(
            f"{len(report.across_patients)} pairs of copies stand under different "
            "patients: either a slice was copied, or one person has two ids."
            if report.across_patients
            else "No copy stands under another patient."
        )
    else:
        told.append("Copies across patients cannot be assessed: no `patient_id`.")
    if report.n_plain:
        told.append(
            f"{report.n_plain} slices show too little to be compared; of them only equal "
            "pixels would be noticed."
        )
    return tuple(told)


def _kinds_table(report: CopyReport) -> Table:
    return Table(
        caption=f"What was changed, in {report.n_changed_pairs} pairs",
        columns=("Change", "Pairs"),
        rows=report.kinds,
    )


def _groups_table(report: CopyReport) -> Table:
    shown = report.groups[:_ROWS]
    return Table(
        caption=_first_of("Groups of copies", len(shown), len(report.groups)),
        columns=("Slices", "Files"),
        rows=tuple(
            (len(group), ", ".join(group[:4]) + (" and more" if group[4:] else ""))
            for group in shown
        ),
    )


def _findings_table(caption: str, findings: Sequence[CopyFinding]) -> Table:
    shown = findings[:_ROWS]
    return Table(
        caption=_first_of(caption, len(shown), len(findings)),
        columns=("First", "Second", "Change", "Agreement", "Conflict"),
        rows=tuple(
            (
                *each.images,
                ", ".join(each.changes),
                f"{each.agreement:.3f}",
                each.conflict,
            )
            for each in shown
        ),
    )


def _first_of(caption: str, shown: int, count: int) -> str:
    return f"{caption}: {shown} of {count}" if shown < count else f"{caption}: {count}"


def _pair_picture(finding: CopyFinding, load: Load, load_other: Load) -> Picture:
    """Put both slices side by side."""
    first, second = finding.rows
    gap = np.full((_SIDE_PX, _GAP_PX), 128, dtype=np.uint8)
    both = np.hstack([_fit(load(first)), gap, _fit(load_other(second))])
    words = ", ".join(finding.changes)
    return Picture(
        caption=f"{finding.images[0]} and {finding.images[1]}: {words}; "
        f"{finding.conflict}",
        content=cv2.imencode(".png", both)[1].tobytes(),
    )


def _fit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a grey square of the page's size, the slice's shape kept."""
    grey = pixels.astype(np.float32)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    factor = _SIDE_PX / max(grey.shape)
    height, width = (max(1, round(each * factor)) for each in grey.shape)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = cv2.resize(grey, (width, height), interpolation=method)
    low, high = float(small.min()), float(small.max())
    square = np.zeros((_SIDE_PX, _SIDE_PX), dtype=np.uint8)
    top, left = (_SIDE_PX - height) // 2, (_SIDE_PX - width) // 2
    levels = (small - low) / max(high - low, 1e-6) * 255
    square[top : top + height, left : left + width] = levels.astype(np.uint8)
    return square
