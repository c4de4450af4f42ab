"""Evaluated run -> groups of patients beside each other: fairness.json, fairness.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import parse_groups
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.fairness.comparison import measure_fairness
from tumorscope.evaluation.fairness.mitigation import (
    MitigationVerdict,
    judge_mitigation,
)
from tumorscope.evaluation.fairness.mitigation_section import mitigation_section
from tumorscope.evaluation.fairness.report import FairnessReport
from tumorscope.evaluation.fairness.sections import (
    fairness_limits,
    fairness_section,
    fairness_sections,
)
from tumorscope.evaluation.fairness.words import summarize_report
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.page import PageHead, render_page
from tumorscope.pages.section import Section
from tumorscope.workflows.encoding_probe import NO_FREE, probe_run
from tumorscope.workflows.fairness_inputs import (
    read_run_predictions,
    read_scored_slices,
    tested_rows,
)
from tumorscope.workflows.recording import library_versions, now, recorded_stage
from tumorscope.workflows.run_folder import Run, open_run
from tumorscope.workflows.settings import change_section
from tumorscope.workflows.versioned_values import read_versioned

FAIRNESS_JSON, FAIRNESS_HTML = "fairness.json", "fairness.html"
FAIRNESS_VERSION = 1
NOT_PROBED = "the probe was switched off by fairness.probe=false"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFairness:
    """Where the comparison of groups is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        verdict: What came of the mitigation; None where no other run was named.
        summary: A few lines for a terminal.
    """

    html: Path
    json: Path
    report: FairnessReport
    verdict: MitigationVerdict | None
    summary: str


def measure_run_fairness(
    folder: Path,
    *,
    groups: Sequence[str] = (),
    against: Path | None = None,
    assignments: Sequence[str] = (),
    progress: Progress = silent,
) -> WrittenFairness:
    """Compare groups of patients of an evaluated run.

    Args:
        folder: The run.
        groups: Groups beside those of the settings, e.g. "scanner" or
            "age_years:40,60"; they count for Holm's correction too.
        against: A run without mitigation on the same split; the rule then says whether
            this run's mitigation is accepted.
        assignments: Changes of settings, each `fairness.key=value`; recorded.
        progress: Shows how far it got.

    Returns:
        The comparison, also left in the run's folder.

    Raises:
        ConfigError: If a setting or group cannot be used, or a run was not evaluated.
        DataError: If the other run tested other slices.
        BundleError: If a fold has no model.
    """
    run = open_run(folder)
    run = _with_settings(run, assignments, groups)
    spec = run.record.spec
    predictions = read_run_predictions(run)
    with recorded_stage(folder, "fairness") as stage:
        stage.spec = spec
        scored = read_scored_slices(run, predictions, progress=progress)
        report = measure_fairness(
            scored, spec.fairness, grouping=run.split.grouping, progress=progress
        )
        report = _with_probes(run, report, progress)
        verdict = None if against is None else _judge(run, against)
        written = _write(run, report, verdict, "" if against is None else against.name)
        stage.details["tests"] = report.n_tests
        if verdict is not None:
            stage.details["mitigation"] = verdict.verdict
    return written


def read_fairness(folder: Path) -> FairnessReport | None:
    """Read the comparison that a run holds.

    Args:
        folder: A run.

    Returns:
        The values; None where groups were not compared.

    Raises:
        DataError: If the file is damaged or of a newer version.
    """
    return read_versioned(
        folder / FAIRNESS_JSON,
        FairnessReport,
        version=FAIRNESS_VERSION,
        command="fairness",
    )


def read_fairness_section(folder: Path) -> Section | None:
    """Return the part of the report that groups get; None where none were compared."""
    report = read_fairness(folder)
    return None if report is None else fairness_section(report)


def _with_settings(run: Run, assignments: Sequence[str], groups: Sequence[str]) -> Run:
    """Return the run with changed settings and added groups, each listed once."""
    spec = change_section(run.record.spec, "fairness", assignments)
    for text in groups:
        parse_groups(text)
    wanted = tuple(dict.fromkeys((*spec.fairness.groups, *groups)))
    fairness = spec.fairness.model_copy(update={"groups": wanted})
    changed = spec.model_copy(update={"fairness": fairness})
    return replace(run, record=run.record.model_copy(update={"spec": changed}))


def _with_probes(
    run: Run, report: FairnessReport, progress: Progress
) -> FairnessReport:
    spec = run.record.spec.fairness
    if not spec.probe:
        return replace(report, probes_reason=NOT_PROBED)
    probes = probe_run(run, spec, progress=progress)
    return replace(report, probes=probes, probes_reason="" if probes else NO_FREE)


def _judge(run: Run, against: Path) -> MitigationVerdict:
    """Judge this run's model beside one without mitigation."""
    other = open_run(against)
    mitigations = [each.record.spec.train.mitigation != "none" for each in (other, run)]
    if mitigations != [False, True]:
        raise ConfigError(
            f"{run.folder} against {against}: the first run must be trained with "
            "train.mitigation, the second without"
        )
    before = read_run_predictions(other)
    return judge_mitigation(
        before,
        read_run_predictions(run),
        tested_rows(other, before),
        run.record.spec.fairness,
        evaluate=run.record.spec.evaluate,
        grouping=run.split.grouping,
    )


def _write(
    run: Run, report: FairnessReport, verdict: MitigationVerdict | None, other: str
) -> WrittenFairness:
    created, version = now(), library_versions()["tumorscope"]
    content: dict[str, Any] = {
        "kind": "tumorscope-fairness",
        "version": FAIRNESS_VERSION,
        "notice": RESEARCH_USE,
        "created": created,
        "tumorscope_version": version,
        "manifest_digest": run.manifest.digest,
        "report": to_json_value(report),
        "mitigation": None,
    }
    sections = list(fairness_sections(report))
    if verdict is not None:
        content["mitigation"] = {"against": other} | to_json_value(verdict)
        sections.insert(0, mitigation_section(verdict, against=other))
    head = PageHead(
        title=f"Groups of patients: {run.record.name}",
        lede=(
            f"{report.testing}, {report.grouping_words}: {report.n_slices} slices, "
            f"{report.n_tumor_slices} with tumor, {report.n_patients} {report.unit}"
        ),
        created=created,
        version=version,
        unit=report.unit,
        limits=fairness_limits(report),
    )
    write_json(run.folder / FAIRNESS_JSON, content)
    write_text(run.folder / FAIRNESS_HTML, render_page(head, sections))
    lines = [head.lede, *summarize_report(report)]
    if verdict is not None:
        lines.append(f"mitigation against {other}: {verdict.sentence}")
    return WrittenFairness(
        html=run.folder / FAIRNESS_HTML,
        json=run.folder / FAIRNESS_JSON,
        report=report,
        verdict=verdict,
        summary="\n".join([*lines, RESEARCH_USE]),
    )
