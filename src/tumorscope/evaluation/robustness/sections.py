"""Corrupted slices as parts of a page."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.evaluation.robustness.report import CorruptionResult, RobustnessReport
from tumorscope.evaluation.robustness.words import (
    describe_rules,
    severity_words,
    summarize_robustness,
)
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.numbers import format_estimate
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Status, Table, TableCell

BLANK: Status = "cannot be assessed"
NOT_MEASURED = "not measured"
FIGURE_WORDS = {
    "auroc_drop": "AUROC lost (clean minus corrupted)",
    "sensitivity_lost": "Sensitivity lost at the clean t95",
    "false_positives_gained": "False-positive rate gained at the clean t95",
    "error": "Share wrong at tumor_probability 0.5",
    "abstained": "Share abstained on",
    "new_errors": "New errors, share of all slices",
    "new_errors_abstained": "New errors abstained on, share of the new errors",
}


def robustness_section(report: RobustnessReport) -> Section:
    """Return the whole finding as one part of a report."""
    return Section(
        name="robustness",
        title="MRI artifacts and missing sequences",
        sentences=summarize_robustness(report),
        tables=(_summary_table(report),),
        plots=_forest(report),
        is_folded=True,
    )


def robustness_sections(report: RobustnessReport) -> tuple[Section, ...]:
    """Return the parts of a page of its own."""
    first = Section(
        name="robustness-summary",
        title="What corrupted slices cost",
        sentences=(*summarize_robustness(report), describe_rules(report)),
        tables=(_summary_table(report),),
        plots=_forest(report),
    )
    return (
        first,
        _by_artifact(report),
        _relative_section(report),
        _missing_section(report),
    )


def _summary_table(report: RobustnessReport) -> Table:
    rows: list[tuple[TableCell, ...]] = [
        (
            f"{FIGURE_WORDS[one.figure]}, {severity_words(one.severities)}",
            one.mean,
            one.worst_artifact or NOT_MEASURED,
            one.worst,
        )
        for one in (*report.drops, report.sensitivity)
    ]
    return Table(
        caption="Mean of the eight MRI artifacts, and the worst of them",
        columns=("Figure", "Mean", "Worst artifact", "Worst"),
        rows=tuple(rows),
    )


def _forest(report: RobustnessReport) -> tuple[Plot, ...]:
    """Draw the AUROC lost by each artifact at the middle of the measured severities."""
    severities = report.spec.severities
    shown = 3 if 3 in severities else severities[len(severities) // 2]
    chosen = [one for one in report.results if one.severity == shown]
    rows = [
        ForestRow(label=one.name, estimate=one.figures["auroc_drop"]) for one in chosen
    ]
    rows += [
        ForestRow(label=one.name, estimate=one.figures["auroc_drop"])
        for one in report.missing
    ]
    figure = FIGURE_WORDS["auroc_drop"]
    plot = Plot(
        name="robustness-drop",
        title=f"AUROC lost at severity {shown}",
        svg=draw_forest(
            rows,
            axis_label="AUROC lost",
            alt=f"AUROC lost by {len(rows)} corruptions with intervals over patients",
            name="robustness-drop",
        ),
        caption="Right of zero, the corrupted slices are told apart worse than the clean.",
        columns=("Corruption", report.unit.capitalize(), figure),
        rows=tuple(
            (row.label, row.estimate.n_patients, format_estimate(row.estimate))
            for row in rows
        ),
    )
    return (plot,)


def _by_artifact(report: RobustnessReport) -> Section:
    severities = tuple(sorted(report.spec.severities))
    return Section(
        name="robustness-artifacts",
        title="By artifact and severity",
        sentences=(
            "JPEG is no artifact of the scanner: it stands here and enters no mean.",
            _blank_words(report),
        ),
        tables=tuple(
            Table(
                caption=caption,
                columns=("Artifact", *(f"Severity {one}" for one in severities)),
                rows=tuple(
                    (
                        name,
                        *(
                            report.result(name, severity).figures[figure]
                            for severity in severities
                        ),
                    )
                    for name in report.spec.artifacts
                ),
            )
            for figure, caption in FIGURE_WORDS.items()
        ),
        is_folded=True,
    )


def _blank_words(report: RobustnessReport) -> str:
    blank = [
        f"{one.name} at severity {one.severity} ({one.n_blank})"
        for one in report.results
        if one.n_blank
    ]
    if not blank:
        return "No slice was left blank."
    return f"Slices left blank, of which the model saw zeros: {', '.join(blank)}."


def _relative_section(report: RobustnessReport) -> Section:
    relative = report.relative
    name, title = "robustness-relative", "Relative to a reference model"
    if relative.mean.reason:
        return Section(
            name=name,
            title=title,
            sentences=(f"Cannot be assessed: {relative.mean.reason}.",),
            status=BLANK,
        )
    table = Table(
        caption=f"Errors that artifacts add, {relative.reference} = 100",
        columns=("Artifact", "Relative corruption error"),
        rows=(
            *((one.name, one) for one in relative.per_artifact),
            ("mean", relative.mean),
        ),
    )
    return Section(
        name=name,
        title=title,
        sentences=(
            "Added errors, summed over five severities, divided by those of the "
            "reference on the same corrupted slices, times 100.",
        ),
        tables=(table,),
    )


def _missing_section(report: RobustnessReport) -> Section:
    copies = (
        "AUROC among patients of whom a sequence is a copy of another: "
        f"{format_estimate(report.copies)} ({report.copies.n_patients} {report.unit}, "
        f"{report.copies.n_slices} slices)."
    )
    name, title = "robustness-missing", "Missing sequences"
    if report.missing_reason:
        return Section(
            name=name,
            title=title,
            sentences=(f"Cannot be assessed: {report.missing_reason}.", copies),
            status=BLANK,
        )
    return Section(
        name=name,
        title=title,
        sentences=(
            "A channel is replaced on every tested slice; the model is the same. Of a "
            "slice that shows something on that channel only, nothing is left: the model "
            "then sees zeros, and the table counts such slices.",
            copies,
        ),
        tables=(_missing_table(report.missing),),
    )


def _missing_table(missing: Sequence[CorruptionResult]) -> Table:
    return Table(
        caption="What a missing sequence costs",
        columns=("Sequence", "Slices left blank", "AUROC", *FIGURE_WORDS.values()),
        rows=tuple(
            (
                one.name,
                one.n_blank,
                one.figures["auroc"],
                *(one.figures[figure] for figure in FIGURE_WORDS),
            )
            for one in missing
        ),
    )
