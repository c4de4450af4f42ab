"""What is found and what is missed: near 95 % specificity, by lesion size, by patient."""

from __future__ import annotations

from tumorscope.evaluation.patient_figures import PatientFigures
from tumorscope.evaluation.rendering.detection_tables import (
    DECISION_NAMES,
    patient_table,
    plot_sizes,
    size_sentence,
    size_table,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.numbers import format_count, format_number
from tumorscope.pages.section import Section, Table


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
            size_sentence(sizes),
            _patient_sentence(report),
        ),
        tables=(
            _decision_table(report),
            *((size_table(sizes),) if sizes.strata else ()),
            patient_table(report.patients),
        ),
        plots=(plot_sizes(report.at_ranked.sensitivity, sizes.strata),)
        if sizes.strata
        else (),
    )


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
