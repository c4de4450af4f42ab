"""Run or source -> audit.json and audit.html: faults are found before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from tumorscope.audit.audit_page import render_audit
from tumorscope.audit.audit_report import AuditedThing, AuditReport
from tumorscope.audit.gates import GateOutcome, Waiver, outcome_of, read_waivers
from tumorscope.audit.sections.gates import word_of
from tumorscope.domain.audit_summary import AUDIT_FORMAT
from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.bundle import CARD, read_card, update_card
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.section import Status
from tumorscope.workflows.audit_checks import GATES, run_checks
from tumorscope.workflows.audit_record import AUDIT_HTML, AUDIT_JSON
from tumorscope.workflows.audit_target import AuditTarget, open_target, read_other
from tumorscope.workflows.prepare import AS_FOUND, SourceOptions
from tumorscope.workflows.recording import library_versions, now, recorded_stage
from tumorscope.workflows.run_folder import Run

WIDTH = 100
_TOLD_WHOLE: tuple[Status, ...] = ("failed", "waived", "cannot be assessed")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAudit:
    """Where an audit is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        unneeded: Gates that were to be waived and passed.
        is_of_run: Whether it lies in the folder of the run that it judges.
    """

    html: Path
    json: Path
    report: AuditReport
    unneeded: tuple[str, ...]
    is_of_run: bool

    @property
    def has_failed(self) -> bool:
        """Whether a gate failed and was not waived."""
        return self.report.outcome == "failed"

    def as_text(self) -> str:
        """Return the gates for a terminal: failed ones with what they found, then names."""
        report = self.report
        by_word: dict[Status, list[GateOutcome]] = {}
        for each in report.gates:
            by_word.setdefault(word_of(each, report.waivers), []).append(each)
        lines = [f"audit of {report.audited.name}: {report.outcome}"]
        for word in _TOLD_WHOLE:
            lines += [
                _wrapped(f"{word}: {each.gate}: {each.sentence}")
                for each in by_word.get(word, ())
            ]
        passed = ", ".join(each.gate for each in by_word.get("passed", ()))
        lines += [_wrapped(f"passed: {passed}")] if passed else []
        lines += [f"  not needed: the waiver of {gate}" for gate in self.unneeded]
        return "\n".join([*lines, RESEARCH_USE])


def audit(  # noqa: PLR0913 - what, against what, and what a user can change
    place: Path,
    *,
    against: Path | None = None,
    out: Path | None = None,
    waivers: Sequence[str] = (),
    assignments: Sequence[str] = (),
    options: SourceOptions = AS_FOUND,
    progress: Progress = silent,
) -> WrittenAudit:
    """Look for leaks, copies and shortcuts in a cohort.

    Args:
        place: Folder of a run, or a source as `prepare` reads it.
        against: Another run, manifest.parquet or source, whose slices are sought in it.
        out: Folder for audit.json and audit.html. None takes the run's own folder, where
            training and reports look for them, or `audit-<name>` for a source.
        waivers: Failed gates that someone takes responsibility for, each `GATE=reason`.
        assignments: Changes of settings, each `audit.key=value`.
        options: How a source is read.
        progress: Shows how far it got.

    Returns:
        The audit, also left in `out`; an earlier one there is replaced.

    Raises:
        ConfigError: If a setting, an option or a waiver cannot be used.
        DataError: If the source cannot be read or split.
    """
    asked = read_waivers(waivers, GATES)
    target = open_target(
        place, assignments=assignments, options=options, progress=progress
    )
    folder = _folder(target, out)
    other = None if against is None else read_other(against, progress=progress)
    if target.run is None or out is not None:
        return _audit_into(folder, target, other, asked=asked, progress=progress)
    with recorded_stage(target.run.folder, "audit") as stage:
        written = _audit_into(folder, target, other, asked=asked, progress=progress)
        stage.details |= written.report.summary().model_dump(mode="json")
        _note_on_cards(target.run, written.report)
    return written


def _wrapped(text: str) -> str:
    return fill(
        text,
        width=WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )


def _audit_into(
    folder: Path,
    target: AuditTarget,
    other: Manifest | None,
    *,
    asked: Sequence[Waiver],
    progress: Progress,
) -> WrittenAudit:
    checked = run_checks(target, other, progress=progress)
    has_failed = {each.gate for each in checked.gates if each.has_failed}
    waivers = tuple(each for each in asked if each.gate in has_failed)
    report = AuditReport(
        format=AUDIT_FORMAT,
        created=now(),
        version=library_versions()["tumorscope"],
        audited=_audited(target),
        spec=target.spec,
        outcome=outcome_of(checked.gates, waivers),
        gates=checked.gates,
        waivers=waivers,
        findings=checked.findings,
    )
    page = render_audit(report, checked.pictures)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / AUDIT_JSON, to_json_value(report))
    write_text(folder / AUDIT_HTML, page)
    return WrittenAudit(
        html=folder / AUDIT_HTML,
        json=folder / AUDIT_JSON,
        report=report,
        unneeded=tuple(each.gate for each in asked if each.gate not in has_failed),
        is_of_run=target.run is not None and folder == target.run.folder,
    )


def _audited(target: AuditTarget) -> AuditedThing:
    return AuditedThing(
        name=target.name,
        is_run=target.run is not None,
        source=str(target.manifest.table["source"].iat[0]),
        manifest_digest=target.manifest.digest,
        split_digest=target.split_digest,
        grouping_words=GROUPING_WORDS[target.split.grouping],
        folds=target.split.fold_names,
        notes=target.notes,
    )


def _folder(target: AuditTarget, out: Path | None) -> Path:
    if out is None and target.run is not None:
        return target.run.folder
    folder = out or Path(f"audit-{target.name}")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; --out is a folder for the audit")
    foreign = [
        path.name
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name not in {AUDIT_JSON, AUDIT_HTML}
    ]
    if foreign:
        raise ConfigError(
            f"{folder}: holds other files ({foreign[0]}); an audit replaces only an "
            "earlier audit: choose another --out"
        )
    return folder


def _note_on_cards(run: Run, report: AuditReport) -> None:
    """Put the audit onto the card of each bundle that was trained already."""
    for fold in range(len(run.split.fold_names)):
        folder = run.bundle_folder(fold)
        if (folder / CARD).is_file():
            card = read_card(folder)
            update_card(folder, card.model_copy(update={"audit": report.summary()}))
