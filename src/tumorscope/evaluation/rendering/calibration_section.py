"""Are the probabilities right? Error, slope and intercept of each scale, and the curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.curves import ReliabilityBins
from tumorscope.evaluation.logistic_calibration import ScaleCalibration
from tumorscope.evaluation.rendering.curve_figures import draw_reliability
from tumorscope.evaluation.rendering.metric_words import metric_label
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.numbers import format_estimate, format_number
from tumorscope.pages.plot import Cell, Plot
from tumorscope.pages.section import Section, Table, TableCell

SCALE_NAMES = {
    "calibrated": "tumor_probability",
    "raw": "raw score, before calibration",
}


def calibration_section(report: EvaluationReport) -> Section:
    """Return the part of the page on calibration.

    Args:
        report: The figures.
    """
    scales = report.scales
    return Section(
        name="calibration",
        title="Calibration",
        sentences=(
            "A tumor_probability is right if, of all slices with a value near 0.7, about "
            "70 % have tumor. A slope below 1 means that values are too extreme, as "
            "overfitting makes them; an intercept off 0 that they are too high or too low "
            "on the whole.",
            _null_sentence(report),
            _scales_sentence(scales),
        ),
        tables=(_scales_table(scales),),
        plots=(_plot_reliability(report),),
    )


def _scales_table(scales: tuple[ScaleCalibration, ...]) -> Table:
    rows: tuple[tuple[str, Callable[[ScaleCalibration], TableCell]], ...] = (
        (metric_label("ece"), lambda scale: scale.error.estimate),
        ("the same if perfectly calibrated, mean", lambda scale: scale.error.null_mean),
        ("the same, 95th percentile", lambda scale: scale.error.null_high),
        (metric_label("brier"), lambda scale: scale.brier),
        (metric_label("calibration_slope"), lambda scale: scale.slope),
        (metric_label("calibration_intercept"), lambda scale: scale.intercept),
    )
    return Table(
        caption="Calibration of each scale",
        columns=("Figure", *(SCALE_NAMES[each.scale] for each in scales)),
        rows=tuple(
            (label, *(figure(each) for each in scales)) for label, figure in rows
        ),
    )


def _null_sentence(report: EvaluationReport) -> str:
    error = report.calibration
    if error.estimate.reason:
        return f"Calibration error: {format_estimate(error.estimate)}."
    verdict = (
        "which perfect calibration could show too"
        if error.inside_null
        else "which perfect calibration would not show in 95 of 100 sets like this"
    )
    return (
        f"The calibration error is {format_number(error.estimate.value)}, {verdict}. "
        "Judge it against the null and not by its interval, which is biased upwards."
    )


def _scales_sentence(scales: tuple[ScaleCalibration, ...]) -> str:
    if len(scales) == 1:
        return "tumor_probability is the model's own probability: no calibration changed it."
    return (
        "Calibration was fitted on the tuning part and changes no ranking within a fold. "
        "The raw score stands beside it."
    )


def _plot_reliability(report: EvaluationReport) -> Plot:
    told = format_estimate(report.calibration.estimate)
    return Plot(
        name="reliability",
        title="Reliability",
        svg=draw_reliability(
            report.reliability,
            report.reliability_band,
            alt=(
                "Share of tumor slices against tumor_probability in bins, with its "
                f"interval. Calibration error {told}."
            ),
        ),
        caption=(
            "Share of tumor slices in bins of tumor_probability. The band holds the "
            f"{100 * report.spec.level:g} % interval of each equal-width bin apart, from "
            f"draws of {report.unit}; no band where a single one fills the bin."
        ),
        columns=(
            "Bins",
            "From",
            "To",
            "Slices",
            "Mean probability",
            "Tumor share",
            "Low",
            "High",
            "Patients or groups",
        ),
        rows=(
            *_bin_rows(report.reliability[0], report.reliability_band),
            *(row for bins in report.reliability[1:] for row in _bin_rows(bins, ())),
        ),
    )


def _bin_rows(
    bins: ReliabilityBins, band: tuple[MetricEstimate, ...]
) -> Iterator[tuple[Cell, ...]]:
    for place, slices in enumerate(bins.n_slices):
        ends: tuple[Cell, ...] = ("–", "–", "–")  # noqa: RUF001 - an en dash: no figure
        if band:
            ends = (band[place].low, band[place].high, band[place].n_patients)
        yield (
            str(bins.kind),
            float(bins.edges[place]),
            float(bins.edges[place + 1]),
            int(slices),
            float(bins.mean_probability[place]),
            float(bins.tumor_share[place]),
            *ends,
        )
