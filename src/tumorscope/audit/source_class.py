"""Whether where a slice comes from tells its class: then nothing can be learned from it.

Healthy slices from one hospital and tumors from another make a set in which a model learns
the hospital. No split and no larger test part can undo it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from tumorscope.audit.audited import AuditedCohort
from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.ties import LabelTie, adjust, tie_to_label
from tumorscope.domain.audit_spec import AuditSpec

SOURCE_GATE = "source-is-class"
_COLUMNS = {
    "site": "site",
    "scanner": "scanner",
    "source": "source",
    "source_part": "part of the source",
    "sequences": "sequences",
    "study_id": "study",
}
_UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How far the label goes with where slices come from.

    Attributes:
        unit: What an owner is called.
        n_slices: Slices.
        n_patients: Patients (or groups).
        ties: One for each column that differs within the cohort.
        not_assessed: For each other column, why nothing can be said.
    """

    unit: str
    n_slices: int
    n_patients: int
    ties: tuple[LabelTie, ...]
    not_assessed: tuple[tuple[str, str], ...]


def check_sources(cohort: AuditedCohort, spec: AuditSpec) -> SourceReport:
    """Measure how far site, scanner, source, folder and file format go with the label.

    A folder that only repeats the class or the patient is left out: it is how such a set
    is stored.

    Args:
        cohort: Slices with their manifest and the traits of their files.
        spec: Permutations and seed.

    Returns:
        One tie for each column that differs, and why the others cannot be assessed.
    """
    ties, not_assessed = [], []
    generator = np.random.default_rng(spec.seed)
    for name, values in _columns(cohort):
        reason = _why_not(name, values, cohort.n_owners)
        if reason:
            not_assessed.append((name, reason))
            continue
        ties.append(
            tie_to_label(
                name,
                [_UNKNOWN if each is None else each for each in values],
                labels=cohort.manifest.labels,
                owners=cohort.owners,
                permutations=spec.permutations,
                generator=generator,
            )
        )
    return SourceReport(
        unit=cohort.unit,
        n_slices=len(cohort.manifest),
        n_patients=cohort.n_owners,
        ties=adjust(ties),
        not_assessed=tuple(not_assessed),
    )


def source_gate(report: SourceReport, spec: AuditSpec) -> GateOutcome:
    """Judge whether a source tells the class.

    Returns:
        The gate `source-is-class`.
    """
    telling = [
        tie
        for tie in report.ties
        if tie.p_adjusted <= spec.max_p and tie.separation >= spec.min_source_separation
    ]
    if telling:
        named = "; ".join(_words(tie, report.unit) for tie in telling)
        sentence = f"Where a slice comes from tells its class: {named}."
    elif any(not tie.reason for tie in report.ties):
        names = ", ".join(tie.column for tie in report.ties if not tie.reason)
        sentence = f"None of these tells the class of a slice or patient: {names}."
    else:
        sentence = (
            "Nothing that differs is known of where the slices come "
            "from, or the patients are too few."
        )
    return GateOutcome(
        gate=SOURCE_GATE,
        has_failed=bool(telling),
        sentence=sentence,
        is_assessed=any(not tie.reason for tie in report.ties),
    )


def _words(tie: LabelTie, unit: str) -> str:
    by_patient = tie.patient_separation > tie.slice_separation
    what = f"whether {unit} have a tumor" if by_patient else "the label of slices"
    return (
        f"{tie.column} gives {what} with a balanced accuracy of {tie.separation:.2f} "
        f"(adjusted p = {tie.p_adjusted:.2g}, {tie.n_between or tie.n_within} {unit})"
    )


def _columns(cohort: AuditedCohort) -> Iterator[tuple[str, list[str | None]]]:
    table = cohort.manifest.table
    for column, name in _COLUMNS.items():
        values = table[column]
        yield name, list(values.astype(object).where(values.notna(), None))
    yield "folder", list(_folders(table))
    yield "file format", [each.format for each in cohort.traits]


def _folders(table: pd.DataFrame) -> Iterator[str | None]:
    """Yield each slice's folder without the parts that repeat class or patient."""
    for image, class_name, patient in zip(
        table["image"], table["class_name"], table["patient_id"], strict=True
    ):
        named = {str(each).casefold() for each in (class_name, patient)}
        parts = [
            part
            for part in PurePosixPath(image).parent.parts
            if part.casefold() not in named
        ]
        yield "/".join(parts) or None


def _why_not(name: str, values: list[str | None], owners: int) -> str:
    known = set(values) - {None}
    if not known:
        return f"no `{name}`"
    if len(known) == 1 and None not in values:
        return f"one {name} only"
    if len(known) > max(2, owners // 2):
        return f"{len(known)} values of `{name}`: about one for each patient"
    return ""
