"""Runs every check of an audit on one reading of the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.audit.audit_page import AuditPictures
from tumorscope.audit.audit_report import AuditFindings
from tumorscope.audit.audited import AuditedCohort
from tumorscope.audit.canary import GATE as CANARY_GATE
from tumorscope.audit.canary import (
    CanaryReport,
    canary_folds,
    canary_gate,
    run_canary,
)
from tumorscope.audit.cohort_table import describe_cohort
from tumorscope.audit.copies.copy_gates import (
    ACROSS_PARTS,
    CONTRADICTING,
    OVERLAP,
    copy_gates,
    overlap_gate,
)
from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.report import (
    CopyCohort,
    OverlapReport,
    report_copies,
    report_overlap,
)
from tumorscope.audit.copies.search import find_copies, find_overlap
from tumorscope.audit.copies.section import Load
from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.integrity import (
    SUSPICIOUS_GATE,
    UNREADABLE_GATE,
    IntegrityReport,
    check_integrity,
    integrity_gates,
)
from tumorscope.audit.pseudo_patients.contact_sheet import (
    choose_groups,
    draw_contact_sheet,
)
from tumorscope.audit.pseudo_patients.judging import GATE as PSEUDO_PATIENT_GATE
from tumorscope.audit.pseudo_patients.judging import (
    PseudoPatientReport,
    find_torn,
    pseudo_patients_gate,
)
from tumorscope.audit.sequences import SEQUENCE_GATE, check_sequences, sequence_gate
from tumorscope.audit.shortcuts.cohort import ProbeCohort, rows_of_some_groups
from tumorscope.audit.shortcuts.pictures import probe_pictures
from tumorscope.audit.shortcuts.probes import PROBES
from tumorscope.audit.shortcuts.probing import probe_shortcuts
from tumorscope.audit.shortcuts.verdicts import GATE_PREFIX, shortcut_gates
from tumorscope.audit.source_class import SOURCE_GATE, check_sources, source_gate
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.images import read_image
from tumorscope.pages.picture import Picture
from tumorscope.workflows.audit_files import (
    LookedAt,
    SliceLook,
    fingerprint_files,
    look_at_files,
    picture_of,
)
from tumorscope.workflows.audit_target import AuditTarget
from tumorscope.workflows.lesion_sizes import read_lesion_areas
from tumorscope.workflows.pseudo_patients import (
    file_positions,
    look_for_pseudo_patients,
)

GATES = (
    UNREADABLE_GATE,
    SUSPICIOUS_GATE,
    CONTRADICTING,
    ACROSS_PARTS,
    OVERLAP,
    SEQUENCE_GATE,
    SOURCE_GATE,
    *(f"{GATE_PREFIX}{probe.name}" for probe in PROBES),
    CANARY_GATE,
    PSEUDO_PATIENT_GATE,
)
"""Every gate that can be waived, in the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What all checks found.

    Attributes:
        findings: Their values.
        gates: What each gate said.
        pictures: What the page shows beside the numbers.
    """

    findings: AuditFindings
    gates: tuple[GateOutcome, ...]
    pictures: AuditPictures


def run_checks(
    target: AuditTarget, other: Manifest | None = None, *, progress: Progress = silent
) -> Checked:
    """Open every file once, then look for faults.

    Args:
        target: A cohort, its split and how to audit it.
        other: Another set, whose slices are sought in the cohort.
        progress: Shows how far it got.

    Returns:
        Findings, gates and pictures.

    Raises:
        UnreadableScanError: If a file changed since it was imported and cannot be used.
    """
    manifest, spec, grouping = target.manifest, target.spec, target.split.grouping
    owners = _owners(target)
    chosen = _chosen(owners, spec)
    looks = look_at_files(manifest, chosen, progress=progress)
    areas = read_lesion_areas(manifest, progress=progress)
    cohort = AuditedCohort(
        manifest=manifest,
        owners=owners,
        grouping=grouping,
        facts=[each.facts for each in looks.slices],
        traits=[each.traits for each in looks.slices],
        left_out=target.left_out,
    )
    probed = _probe_cohort(cohort, looks.slices, chosen)
    shortcuts = probe_shortcuts(probed, spec.shortcuts, progress=progress)
    findings = AuditFindings(
        cohort=describe_cohort(manifest, owners, areas, spec, grouping=grouping),
        integrity=check_integrity(cohort, spec),
        sequences=check_sequences(cohort, spec),
        sources=check_sources(cohort, spec),
        shortcuts=replace(shortcuts, slices=len(manifest)),
        canary=_sing(target, cohort, looks.slices, chosen),
        copies=report_copies(
            looks.prints,
            find_copies(looks.prints, spec.copies, progress=progress),
            CopyCohort.from_manifest(manifest, target.split),
        ),
        overlap=_overlap(target, other, looks.prints, progress),
        pseudo_patients=_find_heads(target, progress),
    )
    return Checked(
        findings=findings,
        gates=_judge(findings, target),
        pictures=AuditPictures(
            load=_loader(manifest),
            load_other=None if other is None else _loader(other),
            slices=_unlike_slices(target, findings.integrity),
            probes=probe_pictures(probed, _loader(probed.manifest)),
            heads=_head_pictures(target, findings.pseudo_patients),
        ),
    )


def _judge(findings: AuditFindings, target: AuditTarget) -> tuple[GateOutcome, ...]:
    spec = target.spec
    return (
        *integrity_gates(findings.integrity, spec),
        *copy_gates(findings.copies),
        *(overlap_gate(each) for each in (findings.overlap,) if each is not None),
        sequence_gate(findings.sequences, spec),
        source_gate(findings.sources, spec),
        *shortcut_gates(findings.shortcuts),
        canary_gate(findings.canary),
        *_judge_heads(findings.pseudo_patients, target),
    )


def _judge_heads(
    report: PseudoPatientReport | None, target: AuditTarget
) -> tuple[GateOutcome, ...]:
    """Where patients are known, nobody needs to guess them: there is no such gate."""
    if report is not None:
        return (pseudo_patients_gate(report),)
    if target.manifest.has_patients:
        return ()
    few = GateOutcome(
        gate=PSEUDO_PATIENT_GATE,
        has_failed=False,
        sentence=(
            f"{len(target.manifest)} slices are too few to learn how alike two heads "
            f"are: at least {target.pseudo_patients.min_set_slices} are needed."
        ),
        is_assessed=False,
    )
    return (few,)


def _owners(target: AuditTarget) -> NDArray[np.object_]:
    """Return who each slice belongs to: patient id, else group. Shape (slices,)."""
    known = target.manifest.table["patient_id"]
    return np.where(known.notna(), known.astype(object), target.split.group)


def _chosen(owners: NDArray[np.object_], spec: AuditSpec) -> LookedAt:
    """Draw whole patients of a very large cohort for the checks that fit models."""
    codes = pd.factorize(owners)[0].astype(np.int64)
    return LookedAt(
        probed=rows_of_some_groups(
            codes, spec.shortcuts.max_slices, spec.shortcuts.seed
        ),
        thumbnails=rows_of_some_groups(codes, spec.canary.max_slices, spec.canary.seed),
    )


def _probe_cohort(
    cohort: AuditedCohort, looks: Sequence[SliceLook], chosen: LookedAt
) -> ProbeCohort:
    """Return the slices that are probed; features only where all are large enough."""
    rows = chosen.probed
    features = [looks[row].features for row in rows]
    known = [each for each in features if each is not None]
    return ProbeCohort(
        manifest=cohort.manifest.subset(rows),
        group=cohort.owners[rows],
        grouping=cohort.grouping,
        traits=[looks[row].traits for row in rows],
        features=known if len(known) == len(rows) else (),
    )


def _sing(
    target: AuditTarget,
    cohort: AuditedCohort,
    looks: Sequence[SliceLook],
    chosen: LookedAt,
) -> CanaryReport:
    rows = chosen.thumbnails
    pictures = [looks[row].thumbnail for row in rows]
    folds = [
        tuple(np.flatnonzero(np.isin(rows, part)) for part in fold)
        for fold in canary_folds(target.split)
    ]
    return run_canary(
        np.stack([each for each in pictures if each is not None]),
        cohort.owners[rows],
        [(train, test) for train, test in folds],
        target.spec.canary,
        unit=cohort.unit,
    )


def _overlap(
    target: AuditTarget,
    other: Manifest | None,
    prints: CopyFingerprints,
    progress: Progress,
) -> OverlapReport | None:
    if other is None:
        return None
    others = fingerprint_files(other, progress=progress)
    return report_overlap(
        find_overlap(prints, others, target.spec.copies, progress=progress),
        CopyCohort.from_manifest(target.manifest),
        CopyCohort.from_manifest(other),
    )


def _find_heads(target: AuditTarget, progress: Progress) -> PseudoPatientReport | None:
    """Link slices to heads, where no patient is known.

    A split by pseudo-patients is judged by its own: found anew in the slices that it
    kept, they would differ in some links, and each difference would look like a leak.
    """
    manifest, spec = target.manifest, target.pseudo_patients
    if manifest.has_patients or len(manifest) < spec.min_set_slices:
        return None
    found = look_for_pseudo_patients(manifest, spec, progress=progress)
    if target.split.grouping == "pseudo-patients":
        group = pd.factorize(target.split.group)[0].astype(np.int64)
        is_assigned = np.bincount(group)[group] >= spec.min_group_slices
        found = replace(found, group=group, is_assigned=is_assigned)
    return PseudoPatientReport(found=found, torn=find_torn(found, target.split))


def _head_pictures(
    target: AuditTarget, report: PseudoPatientReport | None
) -> tuple[Picture, ...]:
    if report is None:
        return ()
    images = target.manifest.table["image"]
    position = file_positions(target.manifest)
    return tuple(
        draw_contact_sheet(
            rows,
            _loader(target.manifest),
            labels=[PurePosixPath(str(images.iat[row])).stem for row in rows],
            caption=f"Slices that seem to come from one head, {len(rows)} in all, in "
            "the order of the files.",
        )
        for chosen in choose_groups(report.found, position, count=target.spec.pictures)
        for rows in [chosen.tolist()]
    )


def _unlike_slices(target: AuditTarget, report: IntegrityReport) -> dict[int, bytes]:
    """Encode some slices of each kind, spread over its patients as the manifest is."""
    count = target.spec.pictures
    rows = {
        kind.rows[place]
        for kind in report.kinds
        if kind.rows and count
        for place in np.linspace(0, len(kind.rows) - 1, count).astype(int)
    }
    return {row: picture_of(target.manifest, row) for row in sorted(rows)}


def _loader(manifest: Manifest) -> Load:
    return lambda row: read_image(manifest.image_path(row))
