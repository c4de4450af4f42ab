"""Everything that an audit found, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.audit.canary import CanaryReport
from tumorscope.audit.cohort_table import CohortTable
from tumorscope.audit.copies.report import CopyReport, OverlapReport
from tumorscope.audit.gates import GateOutcome, Outcome, Waiver
from tumorscope.audit.integrity import IntegrityReport
from tumorscope.audit.pseudo_patients.judging import PseudoPatientReport
from tumorscope.audit.sequences import SequenceReport
from tumorscope.audit.shortcuts.results import ShortcutReport
from tumorscope.audit.source_class import SourceReport
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.audit_summary import AuditedGate, AuditSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedThing:
    """What was audited.

    Attributes:
        name: Name of the run or source.
        is_run: Whether it is a run, with the split that it trains on; the split of a
            source is the one that `prepare` would make with its defaults.
        source: Importer and data set.
        manifest_digest: SHA-256 of the manifest.
        split_digest: SHA-256 of the run's split file; empty for a source.
        grouping_words: What the split keeps together.
        folds: Names of the folds.
        notes: Limits that the importer knows of.
    """

    name: str
    is_run: bool
    source: str
    manifest_digest: str
    split_digest: str
    grouping_words: str
    folds: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFindings:
    """What each check found.

    Attributes:
        cohort: Who is in the cohort.
        integrity: What is wrong with the files.
        sequences: Which sequences are missing.
        sources: Whether where slices come from tells their class.
        shortcuts: Whether label or site can be told without looking at the brain.
        canary: Whether labels that mean nothing can be predicted under the split.
        copies: Which slices are copies of others, and what that means for labels and
            split.
        overlap: Which slices of another set are in this one; None without another set.
        pseudo_patients: Which slices seem to come from one head; None where patients are
            known, or the slices are too few to look for heads.
    """

    cohort: CohortTable
    integrity: IntegrityReport
    sequences: SequenceReport
    sources: SourceReport
    shortcuts: ShortcutReport
    canary: CanaryReport
    copies: CopyReport
    overlap: OverlapReport | None = None
    pseudo_patients: PseudoPatientReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """An audit.

    Attributes:
        format: Version of this layout.
        created: ISO 8601 time with zone.
        version: Version of tumorscope.
        audited: What was audited.
        spec: How.
        outcome: "passed", "waived" or "failed".
        gates: What each gate said.
        waivers: Failed gates that someone takes responsibility for.
        findings: What each check found.
    """

    format: int
    created: str
    version: str
    audited: AuditedThing
    spec: AuditSpec
    outcome: Outcome
    gates: tuple[GateOutcome, ...]
    waivers: tuple[Waiver, ...]
    findings: AuditFindings

    def summary(self) -> AuditSummary:
        """Return what a bundle and a report carry of it."""
        return AuditSummary(
            outcome=self.outcome,
            created=self.created,
            gates=tuple(
                AuditedGate(
                    gate=each.gate,
                    has_failed=each.has_failed,
                    sentence=each.sentence,
                    is_assessed=each.is_assessed,
                )
                for each in self.gates
            ),
            waivers={each.gate: each.reason for each in self.waivers},
        )
