"""The plots of curves and scores, each with its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.curves import (
    PrecisionRecallCurve,
    RocCurve,
)
from tumorscope.evaluation.measurement import OperatingPoint
from tumorscope.evaluation.rendering.curve_figures import (
    OperatingMark,
    draw_precision_recall,
    draw_roc,
    draw_score_counts,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.numbers import format_estimate, format_number
from tumorscope.pages.plot import Cell, Plot

CURVE_STEPS = 21


def plot_curves(report: EvaluationReport) -> tuple[Plot, ...]:
    """Return the ROC and precision-recall plots that can be drawn, and the scores."""
    marks = [
        _mark(point, label)
        for point, label in (
            (report.at_half, "threshold 0.5"),
            (report.at_tuned, "tuned threshold"),
        )
    ]
    plots = []
    if report.roc is not None:
        plots.append(_plot_roc(report.roc, marks, report.ranking["auroc"]))
    if report.precision_recall is not None:
        area = report.ranking["average_precision"]
        plots.append(_plot_precision_recall(report.precision_recall, marks, area))
    return (*plots, _plot_scores(report))


def _mark(point: OperatingPoint, label: str) -> OperatingMark:
    return OperatingMark(
        label=label,
        false_positive_rate=1 - point.metrics["specificity"].value,
        sensitivity=point.metrics["recall"].value,
        precision=point.metrics["precision"].value,
    )


def _plot_roc(
    curve: RocCurve, marks: list[OperatingMark], area: MetricEstimate
) -> Plot:
    told = [
        f"at the {mark.label} sensitivity {format_number(mark.sensitivity)} and false "
        f"positive rate {format_number(mark.false_positive_rate)}"
        for mark in marks
    ]
    kept = _spread_over(curve.false_positive_rate)
    return Plot(
        name="roc",
        title="ROC",
        svg=draw_roc(
            curve,
            marks,
            alt=f"ROC curve: AUROC {format_estimate(area)}; {'; '.join(told)}.",
        ),
        caption=f"AUROC {format_estimate(area)}.",
        columns=("Threshold", "False positive rate", "Sensitivity"),
        rows=tuple(
            (
                _threshold(curve.threshold_probability[row]),
                float(curve.false_positive_rate[row]),
                float(curve.sensitivity[row]),
            )
            for row in kept
        ),
    )


def _plot_precision_recall(
    curve: PrecisionRecallCurve, marks: list[OperatingMark], area: MetricEstimate
) -> Plot:
    told = [
        f"at the {mark.label} precision {format_number(mark.precision)} and recall "
        f"{format_number(mark.sensitivity)}"
        for mark in marks
    ]
    prevalence = format_number(curve.prevalence)
    return Plot(
        name="precision-recall",
        title="Precision and recall",
        svg=draw_precision_recall(
            curve,
            marks,
            alt=(
                f"Precision over recall: average precision {format_estimate(area)}, "
                f"prevalence {prevalence}; {'; '.join(told)}."
            ),
        ),
        caption=(
            f"Average precision {format_estimate(area)}; chance is the prevalence, "
            f"{prevalence}."
        ),
        columns=("Threshold", "Recall", "Precision"),
        rows=tuple(
            (
                _threshold(curve.threshold_probability[row]),
                float(curve.recall[row]),
                float(curve.precision[row]),
            )
            for row in _spread_over(curve.recall)
        ),
    )


def _plot_scores(report: EvaluationReport) -> Plot:
    bins = report.reliability[0]
    thresholds = [threshold for _, threshold in report.at_tuned.thresholds]
    tumor = np.rint(np.nan_to_num(bins.tumor_share) * bins.n_slices).astype(int)
    return Plot(
        name="scores",
        title="Scores",
        svg=draw_score_counts(
            bins,
            thresholds,
            alt=(
                "Slices with and without tumor by tumor_probability, in "
                f"{len(bins.n_slices)} bins of equal width."
            ),
        ),
        caption="Slices by score and reference standard, one bar on the other.",
        columns=("From", "To", "No tumor", "Tumor"),
        rows=tuple(
            (
                float(bins.edges[index]),
                float(bins.edges[index + 1]),
                int(slices - tumor[index]),
                int(tumor[index]),
            )
            for index, slices in enumerate(bins.n_slices)
        ),
    )


def _spread_over(axis: NDArray[np.float64]) -> NDArray[np.int64]:
    wanted = np.linspace(0, 1, CURVE_STEPS)
    # At each wanted value the highest point of the curve that does not exceed it.
    return np.unique(np.searchsorted(axis, wanted, side="right") - 1)


def _threshold(probability: float) -> Cell:
    return float(probability) if np.isfinite(probability) else "none is positive"
