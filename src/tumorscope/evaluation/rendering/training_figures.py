"""Losses and tuning AUROC over the epochs, drawn from the training log.

Colors are told apart with any kind of color vision (Okabe and Ito 2008) and never carry a
meaning alone: markers, line styles and words do too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tumorscope.evaluation.rendering.context import TrainingEpoch
from tumorscope.pages.svg import (
    MARK,
    MODEL,
    PAPER,
    ROUND_STEPS,
    draw_inline_svg,
)

SIZE_IN = (3.7, 3.0)
_LOSS_LOOKS = (
    ("train_loss", MODEL, "-", "training part"),
    ("tune_loss", MARK, "--", "tuning part"),
)


def draw_losses(
    history: Mapping[str, Sequence[TrainingEpoch]], *, alt: str, name: str = "losses"
) -> str:
    """Draw the losses over the epochs, two lines for each fold.

    Args:
        history: The training log of each fold; folds have epochs.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for number, rows in enumerate(history.values()):
            for attribute, color, line, label in _LOSS_LOOKS:
                _draw_epochs(
                    axes,
                    rows,
                    [getattr(row, attribute) for row in rows],
                    color=color,
                    linestyle=line,
                    label=label if number == 0 else None,
                )
        axes.set(xlabel="Epoch", ylabel="Loss in nats")
        axes.set_ylim(bottom=0)
        axes.legend(loc="best")

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def draw_tuning_auroc(
    history: Mapping[str, Sequence[TrainingEpoch]],
    *,
    alt: str,
    name: str = "tuning-auroc",
) -> str:
    """Draw the AUROC of the tuning part over the epochs, a line for each fold.

    Args:
        history: The training log of each fold; folds have epochs.
        alt: What the figure shows, in words.
        name: Starts every id of the figure.

    Returns:
        An inline `<svg>` element.
    """

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for rows in history.values():
            aurocs = [row.tune_auroc for row in rows]
            _draw_epochs(axes, rows, aurocs, color=MODEL, linestyle="-")
        best = [each for each in map(best_epoch, history.values()) if each]
        if best:
            axes.plot(
                [row.epoch for row in best],
                [row.tune_auroc for row in best],
                marker="D",
                markersize=7,
                color=MARK,
                markeredgecolor=PAPER,
                linestyle="",
                zorder=3,
                label="weights kept",
            )
            axes.legend(loc="lower right")
        axes.set(xlabel="Epoch", ylabel="AUROC on the tuning part")

    return draw_inline_svg(paint, name=name, alt=alt, size_in=SIZE_IN)


def best_epoch(rows: Sequence[TrainingEpoch]) -> TrainingEpoch | None:
    """Return the first epoch with the highest tuning AUROC; None where none has one."""
    ranked = [row for row in rows if not math.isnan(row.tune_auroc)]
    return max(ranked, key=lambda row: row.tune_auroc) if ranked else None


def _draw_epochs(
    axes: Axes,
    rows: Sequence[TrainingEpoch],
    values: Sequence[float],
    *,
    color: str,
    linestyle: str,
    label: str | None = None,
) -> None:
    axes.plot(
        [row.epoch for row in rows],
        values,
        color=color,
        linestyle=linestyle,
        linewidth=1.5,
        marker="o" if len(rows) == 1 else "",
        label=label,
    )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=ROUND_STEPS))
