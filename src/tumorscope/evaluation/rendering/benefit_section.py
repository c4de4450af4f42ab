"""Is the model worth using? Net benefit beside calling all, none, or a simple method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.decision_curve import NetBenefit
from tumorscope.evaluation.rendering.curve_figures import BAND_ALPHA
from tumorscope.evaluation.rendering.detection_tables import (
    benefit_table,
    rival_sentence,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.numbers import format_number
from tumorscope.pages.plot import Cell, Plot
from tumorscope.pages.section import Section
from tumorscope.pages.svg import MARK, MODEL, MUTED, THIRD, draw_inline_svg

SIZE_IN = (3.7, 3.2)
FLOOR = -0.1
"""Calling every slice positive falls far below zero: the axis ends a little below it."""
Line = tuple[str, str, str, Sequence[MetricEstimate]]


def benefit_section(report: EvaluationReport) -> Section:
    """Return the part of the page on net benefit.

    Args:
        report: The figures.
    """
    curve = report.decision_curve
    return Section(
        name="benefit",
        title="Net benefit",
        sentences=(
            "A threshold t says that a missed tumor slice weighs as much as (1 - t) / t "
            "false alarms. Net benefit is the share of slices that are found, less the "
            "false alarms at that weight. A model is worth using at t if it gains over "
            "calling every slice positive and over calling none (which is 0).",
            _gain_sentence(report),
            rival_sentence(curve, tested="slices"),
        ),
        tables=(
            benefit_table(
                curve,
                caption=f"Net benefit for each slice, {report.n_slices} slices of "
                f"{report.n_patients} {report.unit}",
            ),
        ),
        plots=(_plot_benefit(report), _plot_gain(report)),
    )


def _gain_sentence(report: EvaluationReport) -> str:
    points = report.decision_curve.points
    if points[0].model.reason:
        return f"Net benefit cannot be assessed: {points[0].model.reason}."
    shown = [each for each in points if _gains(each)]
    names = "; ".join(format_number(each.threshold_probability, 2) for each in shown)
    return (
        f"All gains have intervals above 0 at {len(shown)} of {len(points)} thresholds"
        f"{f': {names}' if 0 < len(shown) < len(points) else ''}."
    )


def _gains(point: NetBenefit) -> bool:
    gains = (point.model, point.over_all, point.over_rival)
    return all(gain.low > 0 for gain in gains if gain is not None)


def _plot_benefit(report: EvaluationReport) -> Plot:
    points = report.decision_curve.points
    lines: list[Line] = [
        ("model", MODEL, "-", [each.model for each in points]),
        ("every slice positive", MUTED, "--", [each.treat_all for each in points]),
    ]
    rivals = [each.rival for each in points if each.rival is not None]
    if rivals:
        lines.append((report.decision_curve.rival, MARK, "-.", rivals))
    return Plot(
        name="net-benefit",
        title="Net benefit",
        svg=draw_inline_svg(
            _painter(points, lines, "Net benefit", floor=FLOOR),
            name="net-benefit",
            alt=f"Net benefit over thresholds. {_told(points, lines)}",
            size_in=SIZE_IN,
        ),
        caption=(
            "Bands are intervals at each threshold. The dotted line at 0 is calling no "
            "slice positive."
        ),
        columns=("Line", "Threshold", "Net benefit", "Low", "High"),
        rows=_rows(points, lines),
    )


def _plot_gain(report: EvaluationReport) -> Plot:
    points = report.decision_curve.points
    lines: list[Line] = [
        ("over every slice positive", THIRD, "--", [each.over_all for each in points])
    ]
    rivals = [each.over_rival for each in points if each.over_rival is not None]
    if rivals:
        lines.append((f"over {report.decision_curve.rival}", MARK, "-.", rivals))
    return Plot(
        name="net-benefit-gain",
        title="Gain in net benefit",
        svg=draw_inline_svg(
            _painter(points, lines, "Gain in net benefit", floor=-math.inf),
            name="net-benefit-gain",
            alt=f"Gain of the model over thresholds. {_told(points, lines)}",
            size_in=SIZE_IN,
        ),
        caption="Model minus each alternative, paired by bootstrap draw.",
        columns=("Line", "Threshold", "Gain", "Low", "High"),
        rows=_rows(points, lines),
    )


def _painter(
    points: Sequence[NetBenefit], lines: Sequence[Line], label: str, *, floor: float
) -> Callable[[Figure], None]:
    thresholds = [each.threshold_probability for each in points]

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(0, color=MUTED, linewidth=1, linestyle=":")
        for line in lines:
            _draw_line(axes, thresholds, line)
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, floor), max(high, 0.0))
        axes.set(xlabel="Threshold", ylabel=label)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1))

    return paint


def _draw_line(axes: Axes, thresholds: Sequence[float], line: Line) -> None:
    label, color, style, estimates = line
    axes.plot(
        thresholds,
        [each.value for each in estimates],
        color=color,
        linestyle=style,
        label=label,
    )
    axes.fill_between(
        thresholds,
        [each.low for each in estimates],
        [each.high for each in estimates],
        color=color,
        alpha=BAND_ALPHA,
        linewidth=0,
    )


def _told(points: Sequence[NetBenefit], lines: Sequence[Line]) -> str:
    ends = (0, len(points) - 1)
    return " ".join(
        f"{label}: "
        + ", ".join(
            f"{format_number(estimates[end].value)} at "
            f"{format_number(points[end].threshold_probability, 2)}"
            for end in ends
        )
        + "."
        for label, _, _, estimates in lines
    )


def _rows(
    points: Sequence[NetBenefit], lines: Sequence[Line]
) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (label, point.threshold_probability, figure.value, figure.low, figure.high)
        for label, _, _, estimates in lines
        for point, figure in zip(points, estimates, strict=True)
    )
