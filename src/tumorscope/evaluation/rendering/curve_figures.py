"""ROC, precision-recall, reliability and score figures, drawn from given values.

Colors are told apart with any kind of color vision (Okabe and Ito 2008) and never carry a
meaning alone: markers, line styles and words do too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.curves import (
    PrecisionRecallCurve,
    ReliabilityBins,
    RocCurve,
)
from tumorscope.pages.svg import (
    INK,
    MARK,
    MODEL,
    MUTED,
    PAPER,
    THIRD,
    draw_inline_svg,
)

SIZE_IN = (3.7, 3.4)
LIMITS = (-0.02, 1.02)
BAND_ALPHA = 0.18
_BIN_LOOKS = ((MODEL, "o", "-"), (MARK, "s", ""))
_MARKERS = (("o", MARK), ("D", THIRD), ("^", MUTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingMark:
    """An operating point on the curves.

    Attributes:
        label: How the threshold is called, e.g. "0.5".
        false_positive_rate: 1 - specificity, in [0, 1]; NaN is not drawn.
        sensitivity: In [0, 1]; NaN is not drawn.
        precision: In [0, 1]; NaN is not drawn.
    """

    label: str
    false_positive_rate: float
    sensitivity: float
    precision: float


def draw_roc(
    curve: RocCurve, marks: Sequence[OperatingMark], *, alt: str, name: str = "roc"
) -> str:
    """Draw the ROC curve with its operating points.

    Args:
        curve: The pooled curve.
        marks: At most three operating points.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(
            (0, 1), (0, 1), color=MUTED, linewidth=1, linestyle=":", label="chance"
        )
        axes.plot(curve.false_positive_rate, curve.sensitivity, color=MODEL)
        points = [(each.false_positive_rate, each.sensitivity) for each in marks]
        _draw_marks(axes, marks, points)
        _unit_square(axes, x="False positive rate (1 − specificity)", y="Sensitivity")  # noqa: RUF001 - a minus sign, as typeset
        axes.legend(loc="lower right")

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def draw_precision_recall(
    curve: PrecisionRecallCurve,
    marks: Sequence[OperatingMark],
    *,
    alt: str,
    name: str = "precision-recall",
) -> str:
    """Draw the precision-recall curve as steps, with its operating points.

    Args:
        curve: The pooled curve.
        marks: At most three operating points.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(
            curve.prevalence,
            color=MUTED,
            linewidth=1,
            linestyle=":",
            label="prevalence",
        )
        # A precision holds for the recall that was gained to reach it: to the left.
        axes.step(curve.recall, curve.precision, where="pre", color=MODEL)
        points = [(each.sensitivity, each.precision) for each in marks]
        _draw_marks(axes, marks, points)
        _unit_square(axes, x="Sensitivity (recall)", y="Precision")
        axes.legend(loc="lower left")

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def draw_reliability(
    bins: Sequence[ReliabilityBins],
    band: Sequence[MetricEstimate],
    *,
    alt: str,
    name: str = "reliability",
) -> str:
    """Draw the share of tumor slices against the probability.

    Args:
        bins: Equal-width bins; quantile bins may follow and are drawn hollow.
        band: Share of tumor slices in each equal-width bin, with its interval; a bin
            without one is left out of the band.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(
            (0, 1), (0, 1), color=MUTED, linewidth=1, linestyle=":", label="perfect"
        )
        known = [place for place, each in enumerate(band) if not each.reason]
        axes.fill_between(
            bins[0].mean_probability[known],
            [band[place].low for place in known],
            [band[place].high for place in known],
            color=MODEL,
            alpha=BAND_ALPHA,
            linewidth=0,
        )
        for each, (color, marker, line) in zip(bins, _BIN_LOOKS, strict=False):
            filled = each.n_slices > 0
            axes.plot(
                each.mean_probability[filled],
                each.tumor_share[filled],
                color=color,
                marker=marker,
                markersize=5,
                markerfacecolor=color if line else "none",
                linestyle=line,
                linewidth=1.4,
                label=f"{each.kind} bins",
            )
        _unit_square(axes, x="tumor_probability", y="Share of tumor slices")
        axes.legend(loc="upper left")

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def draw_score_counts(
    bins: ReliabilityBins,
    thresholds: Sequence[float],
    *,
    alt: str,
    name: str = "scores",
) -> str:
    """Draw how many slices of each class have which probability.

    Args:
        bins: Equal-width bins.
        thresholds: Tuned thresholds, in [0, 1]; each is drawn as a line.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        tumor = np.nan_to_num(bins.tumor_share) * bins.n_slices
        free = bins.n_slices - tumor
        parts = (
            (free, 0.0 * free, MODEL, "no tumor"),
            (tumor, free, MARK, "tumor"),
        )
        for heights, bottoms, color, label in parts:
            axes.bar(
                bins.edges[:-1],
                heights,
                bottom=bottoms,
                width=np.diff(bins.edges),
                align="edge",
                color=color,
                edgecolor=PAPER,
                linewidth=0.8,
                label=label,
            )
        for number, threshold in enumerate(thresholds):
            named = "tuned threshold" if number == 0 else None
            axes.axvline(threshold, color=INK, linewidth=1, linestyle="--", label=named)
        axes.set(xlabel="tumor_probability", ylabel="Slices", xlim=LIMITS)
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def _unit_square(axes: Axes, *, x: str, y: str) -> None:
    axes.set(xlim=LIMITS, ylim=LIMITS, xlabel=x, ylabel=y)
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)


def _draw_marks(
    axes: Axes, marks: Sequence[OperatingMark], points: list[tuple[float, float]]
) -> None:
    for mark, (x, y), (marker, color) in zip(marks, points, _MARKERS, strict=False):
        if math.isnan(x) or math.isnan(y):
            continue
        axes.plot(
            [x],
            [y],
            marker=marker,
            markersize=8,
            color=color,
            markeredgecolor=PAPER,
            linestyle="",
            zorder=3,
            label=mark.label,
        )
