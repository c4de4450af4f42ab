"""Tables and plots that a single split and a protocol show alike."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.decision_curve import DecisionCurve
from tumorscope.evaluation.patient_figures import PatientFigures
from tumorscope.evaluation.protocol_patients import ProtocolPatients
from tumorscope.evaluation.rendering.metric_words import metric_label
from tumorscope.evaluation.size_strata import LesionSizeTable, SizeStratum
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.numbers import format_count, format_estimate, format_number
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Table

DECISION_NAMES = {"ranked": "At t95", "tuned": "At the tuned threshold"}


def size_sentence(sizes: LesionSizeTable) -> str:
    """Return what lesion sizes are, or why there are none."""
    if sizes.reason:
        return f"Sensitivity by lesion size cannot be assessed: {sizes.reason}."
    text = (
        "Lesion sizes are areas of the reference mask on the slice, in pixels at "
        "256 x 256. Slices at a lesion's ends have small areas whatever the lesion."
    )
    if sizes.n_unknown:
        count = format_count(sizes.n_unknown)
        text += f" {count} tumor slices have no mask and are in no line."
    return text


def size_table(sizes: LesionSizeTable) -> Table:
    """Return the sensitivity in each range of sizes, for both decisions."""
    return Table(
        caption="Sensitivity by lesion size",
        columns=("Lesion area", "Tumor slices", *DECISION_NAMES.values()),
        rows=tuple(
            (each.name, each.n_slices, each.ranked, each.tuned) for each in sizes.strata
        ),
    )


def patient_table(patients: Sequence[PatientFigures | ProtocolPatients]) -> Table:
    """Return hits and false positives, a column for each decision."""
    figures = [
        (each.hit, each.false_positives, each.without_false_positive)
        for each in patients
    ]
    return Table(
        caption="Patients",
        columns=("Figure", *(DECISION_NAMES[each.decision] for each in patients)),
        rows=tuple(
            (metric_label(row[0].name), *row) for row in zip(*figures, strict=True)
        ),
    )


def plot_sizes(whole: MetricEstimate, strata: Sequence[SizeStratum]) -> Plot:
    """Draw the sensitivity at t95 in each range of sizes.

    Args:
        whole: On all tumor slices.
        strata: Ranges of sizes.
    """
    rows = [ForestRow(label="all tumor slices", estimate=whole, is_reference=True)]
    rows += [ForestRow(label=each.name, estimate=each.ranked) for each in strata]
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


def rival_sentence(curve: DecisionCurve, *, tested: str) -> str:
    """Return which simple method stands beside the model, or that none does.

    Args:
        curve: Net benefit.
        tested: Where it would have been run: "slices" or "folds".
    """
    if curve.rival:
        return (
            f"The simple method beside it is “{curve.rival}”, the one with the highest "
            "AUROC on these slices."
        )
    return (
        "Net benefit over a simple method cannot be assessed: none was run on these "
        f"{tested}; set evaluate.baselines=true."
    )


def benefit_table(curve: DecisionCurve, *, caption: str) -> Table:
    """Return net benefit at each threshold, and what it gains."""
    return Table(
        caption=caption,
        columns=(
            "Threshold",
            "Model (gain over none)",
            "Every slice positive",
            "Model minus every slice",
            "Simple method",
            "Model minus simple method",
        ),
        rows=tuple(
            (
                format_number(each.threshold_probability, 2),
                each.model,
                each.treat_all,
                each.over_all,
                "not run" if each.rival is None else each.rival,
                "not run" if each.over_rival is None else each.over_rival,
            )
            for each in curve.points
        ),
    )
