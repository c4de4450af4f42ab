"""What both kinds of testing leave behind: report.html and report.json."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.specs import RunSpec
from tumorscope.evaluation.rendering.context import ReportContext
from tumorscope.evaluation.rendering.html import render_report
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.input_gate.report import GateReport
from tumorscope.input_gate.section import gate_section
from tumorscope.io.bundle import Bundle
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.section import Section
from tumorscope.workflows.abstention import MeasuredAbstention
from tumorscope.workflows.run_folder import (
    REPORT_HTML,
    REPORT_JSON,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """Where a report is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        summary: A few lines for a terminal.
    """

    html: Path
    json: Path
    report: EvaluationReport
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSlices:
    """What is kept from a decision: referred slices, and what the input gate stops."""

    abstention: MeasuredAbstention
    gate: GateReport | None

    @property
    def sections(self) -> tuple[Section, ...]:
        """The parts of the page."""
        return (*self.abstention.sections, gate_section(self.gate))


def write_report(
    folder: Path,
    report: EvaluationReport,
    context: ReportContext,
    checked: CheckedSlices,
) -> WrittenReport:
    """Write the page and the same numbers as JSON.

    Args:
        folder: Where they go.
        report: The figures.
        context: What stands around them.
        checked: Referred and refused slices.
    """
    context = replace(context, sections=(*checked.sections, *context.sections))
    content = report.as_dict() | {
        "abstention": to_json_value(checked.abstention.report),
        "input_checks": to_json_value(checked.gate),
    }
    write_json(folder / REPORT_JSON, content)
    write_text(folder / REPORT_HTML, render_report(report, context))
    return WrittenReport(
        html=folder / REPORT_HTML,
        json=folder / REPORT_JSON,
        report=report,
        summary=_summary(report),
    )


def _summary(report: EvaluationReport) -> str:
    tuned, half = report.at_tuned.metrics, report.at_half.metrics
    lines = [
        f"{report.testing}, {report.grouping_words}: {report.n_slices} slices, "
        f"{report.n_patients} {report.unit}",
        f"  AUROC                           {report.ranking['auroc']}",
        f"  mean within-patient AUROC       {report.ranking['within_patient_auroc']}",
        f"  accuracy at 0.5                 {half['accuracy']}",
        f"  sensitivity at tuned threshold  {tuned['recall']}",
        f"  specificity at tuned threshold  {tuned['specificity']}",
        f"  sensitivity at 95 % specificity {report.at_ranked.sensitivity}",
        f"  Brier score                     {report.ranking['brier']}",
        f"  calibration slope               {report.scales[0].slope}",
    ]
    lines += [f"  {one.name:<31} AUROC {one.auroc}" for one in report.baselines]
    return "\n".join([*lines, RESEARCH_USE])


def refuse_other_target(spec: RunSpec, bundle: Bundle) -> None:
    """Refuse a target that is not the one that the threshold was fixed for."""
    fixed = bundle.card.threshold.target
    if spec.operating_target != fixed:
        raise ConfigError(
            f"the settings ask for {spec.operating_target}, but `train` fixed the "
            f"threshold of {bundle.folder} for {fixed}: a threshold is never chosen "
            "after testing; give another target to `tumorscope prepare`"
        )
