"""An audit as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tumorscope.audit.audit_report import AuditReport
from tumorscope.audit.canary_section import canary_section
from tumorscope.audit.copies.copy_gates import ACROSS_PARTS, CONTRADICTING, OVERLAP
from tumorscope.audit.copies.section import Load, copies_section, overlap_section
from tumorscope.audit.integrity import SUSPICIOUS_GATE, UNREADABLE_GATE
from tumorscope.audit.pseudo_patients.section import pseudo_patients_section
from tumorscope.audit.sections.cohort import cohort_section
from tumorscope.audit.sections.gates import gate_limits, gates_section, word_of
from tumorscope.audit.sections.integrity import integrity_section
from tumorscope.audit.sections.sequences import sequences_section
from tumorscope.audit.sections.sources import sources_section
from tumorscope.audit.sequences import SEQUENCE_GATE
from tumorscope.audit.shortcuts.sections import shortcut_section, site_section
from tumorscope.audit.source_class import SOURCE_GATE
from tumorscope.pages.limit import Limit
from tumorscope.pages.page import PageHead, render_page
from tumorscope.pages.picture import Picture
from tumorscope.pages.section import Section, Status, Table

_ORDER: tuple[Status, ...] = (
    "failed",
    "waived",
    "warning",
    "passed",
    "cannot be assessed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPictures:
    """Pictures of an audit, which its numbers do not hold.

    Attributes:
        load: Reads the pixels of a row of the manifest, for pairs of copies.
        load_other: The same for the other set; None without one.
        slices: PNG or JPEG of rows of the manifest that look unlike the others.
        probes: What the shortcut probes saw.
        heads: Slices of some pseudo-patients.
    """

    load: Load
    load_other: Load | None = None
    slices: Mapping[int, bytes] = field(default_factory=dict)
    probes: tuple[Picture, ...] = ()
    heads: tuple[Picture, ...] = ()


def render_audit(report: AuditReport, pictures: AuditPictures) -> str:
    """Lay out an audit as one self-contained page.

    Args:
        report: The audit.
        pictures: What it shows.

    Returns:
        An HTML document.
    """
    findings = report.findings
    checks = (
        cohort_section(findings.cohort),
        integrity_section(
            findings.integrity,
            status=_status(report, UNREADABLE_GATE, SUSPICIOUS_GATE),
            pictures=pictures.slices,
        ),
        copies_section(
            findings.copies,
            load=pictures.load,
            pictures=report.spec.copies.pictures,
            status=_status(report, CONTRADICTING, ACROSS_PARTS),
        ),
        *_overlap_sections(report, pictures),
        sequences_section(findings.sequences, status=_status(report, SEQUENCE_GATE)),
        sources_section(
            findings.sources,
            status=_status(report, SOURCE_GATE),
            sentence=_sentence(report, SOURCE_GATE),
        ),
        shortcut_section(findings.shortcuts, pictures.probes),
        site_section(findings.shortcuts),
        canary_section(findings.canary),
        *(
            pseudo_patients_section(each, pictures.heads)
            for each in (findings.pseudo_patients,)
            if each is not None
        ),
    )
    sections = (
        gates_section(report.gates, report.waivers, outcome=report.outcome),
        *sorted(checks, key=lambda section: section.status != "failed"),
        _about(report),
    )
    audited = report.audited
    kind = "Run" if audited.is_run else "Source"
    head = PageHead(
        title=f"Audit of {audited.name}",
        lede=f"{kind}, {audited.source}; {audited.grouping_words}",
        created=report.created,
        version=report.version,
        unit=findings.cohort.unit,
        limits_title="What must be known before anything is trained on this",
        limits=_limits(report, sections),
    )
    return render_page(head, sections)


def _overlap_sections(
    report: AuditReport, pictures: AuditPictures
) -> tuple[Section, ...]:
    overlap = report.findings.overlap
    if overlap is None or pictures.load_other is None:
        return ()
    return (
        overlap_section(
            overlap,
            load=pictures.load,
            load_other=pictures.load_other,
            pictures=report.spec.copies.pictures,
            status=_status(report, OVERLAP),
        ),
    )


def _limits(report: AuditReport, sections: Sequence[Section]) -> tuple[Limit, ...]:
    """Failed gates first, then what the importer knows, then what the checks found."""
    notes = tuple(Limit(lead="Of this set", text=note) for note in report.audited.notes)
    found = tuple(limit for section in sections for limit in section.limits)
    return (*gate_limits(report.gates, report.waivers), *notes, *found)


def _status(report: AuditReport, *gates: str) -> Status:
    """Return the worst outcome of some gates."""
    found = {
        word_of(each, report.waivers) for each in report.gates if each.gate in gates
    }
    return next(status for status in _ORDER if status in found)


def _sentence(report: AuditReport, gate: str) -> str:
    return next(each.sentence for each in report.gates if each.gate == gate)


def _about(report: AuditReport) -> Section:
    audited = report.audited
    split = (
        "the split that the run trains on"
        if audited.is_run
        else "the split that `tumorscope prepare` would make with its defaults"
    )
    return Section(
        name="about",
        title="What was audited",
        sentences=(f"Checks that need a split looked at {split}.",),
        tables=(
            Table(
                caption="Data and split",
                columns=("What", "Value"),
                rows=(
                    ("Source", audited.source),
                    ("Manifest, SHA-256", audited.manifest_digest),
                    ("Split, SHA-256", audited.split_digest or "not stored"),
                    ("Split", audited.grouping_words),
                    ("Folds", ", ".join(audited.folds)),
                ),
            ),
        ),
        is_folded=True,
    )
