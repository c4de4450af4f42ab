"""Figures with their intervals below each other: a forest plot.

Colors are told apart with any kind of color vision (Okabe and Ito 2008) and never carry a
meaning alone: markers, line styles and words do too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.pages.numbers import format_estimate
from tumorscope.pages.svg import (
    LINE,
    MODEL,
    MUTED,
    PAPER,
    ROUND_STEPS,
    draw_inline_svg,
    printable,
)

WIDTH_IN = 4.3
ROW_IN = 0.29
MAX_LABEL = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of a forest plot.

    Attributes:
        label: Name on the left.
        estimate: Figure and interval.
        is_reference: Drawn hollow: what the others are compared with.
    """

    label: str
    estimate: MetricEstimate
    is_reference: bool = False


def draw_forest(
    rows: Sequence[ForestRow], *, axis_label: str, alt: str, name: str
) -> str:
    """Draw figures with their intervals below each other.

    Args:
        rows: From top to bottom; one that cannot be assessed says so in its line.
        axis_label: Name of the figure.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for height, row in enumerate(rows):
            _draw_forest_row(axes, row, height)
        axes.set_yticks(range(len(rows)), [_short(row.label) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(axis_label)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=ROUND_STEPS))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)

    size_in = (WIDTH_IN, 0.6 + ROW_IN * len(rows))
    return draw_inline_svg(paint, name=name, alt=alt, size_in=size_in)


def _draw_forest_row(axes: Axes, row: ForestRow, height: int) -> None:
    estimate = row.estimate
    if estimate.reason:
        axes.annotate(
            _short(format_estimate(estimate), 2 * MAX_LABEL),
            (0.01, height),
            xycoords=("axes fraction", "data"),
            color=MUTED,
            va="center",
        )
        return
    color = MUTED if row.is_reference else MODEL
    axes.plot(
        (estimate.low, estimate.high), (height, height), color=color, linewidth=1.6
    )
    axes.plot(
        [estimate.value],
        [height],
        marker="s" if row.is_reference else "o",
        markersize=6,
        color=color,
        markerfacecolor=PAPER if row.is_reference else color,
        linestyle="",
    )
    axes.axhline(height + 0.5, color=LINE, linewidth=0.5)


def _short(text: str, length: int = MAX_LABEL) -> str:
    clean = " ".join(printable(text).split())
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"
