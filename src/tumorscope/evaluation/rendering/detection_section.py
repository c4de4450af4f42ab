"""What is found and what is missed: near 95 % specificity, by lesion size, by patient."""

from __future__ import annotations

from tumorscope.evaluation.patient_figures import PatientFigures
from tumorscope.evaluation.rendering.metric_words import metric_label
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.numbers import format_count, format_estimate, format_number
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Table

DECISION_NAMES = {"ranked": "At t95", "tuned": "At the tuned threshold"}


def detection_section(report: EvaluationReport) -> Section:
    """Return the part of the page on lesions and patients.

    Args:
        report: The figures.
    """
    sizes = report.by_lesion_size
    return Section(
        name="detection",
        title="Lesions and patients",
        sentences=(
            f"t95 is {format_number(report.at_ranked.threshold_probability)}: the 0.95 "
            "quantile of the tested tumor-free slices. It compares rankings where "
            "specificity is high. It is read from the very slices it is applied to, so "
            "it is no operating point; the tuned threshold beside it is one.",
            _size_sentence(report),
            _patient_sentence(report),
        ),
        tables=(
            _decision_table(report),
            *((_size_table(report),) if sizes.strata else ()),
            _patient_table(report),
        ),
        plots=(_plot_sizes(report),) if sizes.strata else (),
    )


def _size_sentence(report: EvaluationReport) -> str:
    sizes = report.by_lesion_size
    if sizes.reason:
        return f"Sensitivity by lesion size cannot be assessed: {sizes.reason}."
    text = (
        "Lesion sizes are areas of the reference mask on the slice, in pixels at "
        "256 x 256. Slices at a lesion's ends have small areas whatever the lesion."
    )
    if sizes.n_unknown:
        text += (
            f" {format_count(sizes.n_unknown)} tumor slices have no mask and are in no "
            "line."
        )
    return text


def _patient_sentence(report: EvaluationReport) -> str:
    told = [_told_hits(each) for each in report.patients]
    reasons = {each.hit.reason for each in report.patients}
    if reasons != {""} and len(reasons) == 1:
        return f"Figures of patients cannot be assessed: {reasons.pop()}."
    return f"{'. '.join(told)}. A hit is one tumor slice above the threshold, or more."


def _told_hits(figures: PatientFigures) -> str:
    name, hit = DECISION_NAMES[figures.decision], figures.hit
    if hit.reason:
        return f"{name} hits cannot be assessed: {hit.reason}"
    return (
        f"{name}, {format_count(figures.n_hit)} of {format_count(hit.n_patients)} "
        f"patients with tumor slices are hit (share at least {format_number(hit.low)} by "
        "the exact interval)"
    )


def _decision_table(report: EvaluationReport) -> Table:
    ranked, tuned = report.at_ranked, report.at_tuned.metrics
    return Table(
        caption="Sensitivity near 95 % specificity",
        columns=("Decision", "Sensitivity", "Specificity"),
        rows=(
            (
                "At t95, found anew in every bootstrap draw",
                ranked.sensitivity,
                ranked.specificity,
            ),
            (
                "At the tuned threshold, fixed before testing",
                tuned["recall"],
                tuned["specificity"],
            ),
        ),
    )


def _size_table(report: EvaluationReport) -> Table:
    return Table(
        caption="Sensitivity by lesion size",
        columns=("Lesion area", "Tumor slices", *DECISION_NAMES.values()),
        rows=tuple(
            (each.name, each.n_slices, each.ranked, each.tuned)
            for each in report.by_lesion_size.strata
        ),
    )


def _patient_table(report: EvaluationReport) -> Table:
    figures = [
        (each.hit, each.false_positives, each.without_false_positive)
        for each in report.patients
    ]
    return Table(
        caption="Patients",
        columns=(
            "Figure",
            *(DECISION_NAMES[each.decision] for each in report.patients),
        ),
        rows=tuple(
            (metric_label(row[0].name), *row) for row in zip(*figures, strict=True)
        ),
    )


def _plot_sizes(report: EvaluationReport) -> Plot:
    rows = [
        ForestRow(
            label="all tumor slices",
            estimate=report.at_ranked.sensitivity,
            is_reference=True,
        ),
        *(
            ForestRow(label=each.name, estimate=each.ranked)
            for each in report.by_lesion_size.strata
        ),
    ]
    told = "; ".join(f"{row.label}: {format_estimate(row.estimate)}" for row in rows)
    return Plot(
        name="lesion-size",
        title="Sensitivity at t95 by lesion size",
        svg=draw_forest(
            rows,
            axis_label="Sensitivity at t95",
            name="lesion-size",
            alt=f"Sensitivity at t95 by lesion size. {told}.",
        ),
        caption=(
            "Point and interval for each range of sizes; the hollow square is the "
            "sensitivity on all tumor slices."
        ),
        columns=("Lesion area", "Sensitivity", "Low", "High", "Slices", "Patients"),
        rows=tuple(
            (
                row.label,
                row.estimate.reason or row.estimate.value,
                row.estimate.low,
                row.estimate.high,
                row.estimate.n_slices,
                row.estimate.n_patients,
            )
            for row in rows
        ),
    )
