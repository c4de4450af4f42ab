"""The plots of training, simple methods, subgroups and maps, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.measurement import Subgroup
from tumorscope.evaluation.rendering.context import (
    LocalizationRow,
    ReportContext,
    TrainingEpoch,
)
from tumorscope.evaluation.rendering.metric_words import method_name, metric_label
from tumorscope.evaluation.rendering.training_figures import (
    best_epoch,
    draw_losses,
    draw_tuning_auroc,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.numbers import format_estimate, format_number
from tumorscope.pages.plot import Plot


def plot_training(context: ReportContext) -> tuple[Plot, ...]:
    """Return losses and tuning AUROC over the epochs; empty where there is no log."""
    history = {fold: rows for fold, rows in context.history.items() if rows}
    if not history:
        return ()
    named = f"{max(map(len, history.values()))} epochs"
    each_fold = " Each line is one fold." if len(history) > 1 else ""
    kept = _kept_epochs(history)
    return (
        Plot(
            name="losses",
            title="Loss",
            svg=draw_losses(
                history, alt=f"Training and tuning loss in nats over {named}."
            ),
            caption=f"Mean cross-entropy of a slice.{each_fold}",
            columns=("Fold", "Epoch", "Training", "Tuning", "Learning rate"),
            rows=tuple(
                (
                    fold,
                    row.epoch,
                    row.train_loss,
                    row.tune_loss,
                    f"{row.learning_rate:.3g}",
                )
                for fold, rows in history.items()
                for row in rows
            ),
        ),
        Plot(
            name="tuning-auroc",
            title="AUROC on the tuning part",
            svg=draw_tuning_auroc(
                history, alt=f"AUROC on the tuning part over {named}. Kept: {kept}."
            ),
            caption=(
                f"Weights kept: {kept}. This AUROC chose the epoch, so it is optimistic "
                f"and no test result.{each_fold}"
            ),
            columns=("Fold", "Epoch", "Tuning AUROC"),
            rows=tuple(
                (fold, row.epoch, row.tune_auroc)
                for fold, rows in history.items()
                for row in rows
            ),
        ),
    )


def plot_baselines(report: EvaluationReport) -> Plot | None:
    """Return the model's AUROC above those of the simple methods; None without any."""
    if not report.baselines:
        return None
    rows = [ForestRow(label="this model", estimate=report.ranking["auroc"])]
    rows += [
        ForestRow(label=each.name, estimate=each.auroc, is_reference=True)
        for each in report.baselines
    ]
    return _plot_forest(
        rows, name="baseline-auroc", title="AUROC beside simple methods"
    )


def plot_subgroups(
    report: EvaluationReport, subgroups: Sequence[Subgroup], kind: str
) -> Plot | None:
    """Return the AUROC of each fold or site below that of all; None without any."""
    if not subgroups:
        return None
    rows = [
        ForestRow(
            label="all slices", estimate=report.ranking["auroc"], is_reference=True
        )
    ]
    rows += [
        ForestRow(
            label=f"{each.name} ({each.n_patients} {_unit(report.unit)})",
            estimate=each.ranking["auroc"],
        )
        for each in subgroups
    ]
    return _plot_forest(rows, name=f"{kind}-auroc", title=f"AUROC by {kind}")


def plot_localization(rows: Sequence[LocalizationRow]) -> tuple[Plot, ...]:
    """Return pointing game and Dice of every method beside the trivial maps."""
    if not rows:
        return ()
    kinds: tuple[tuple[str, Iterable[MetricEstimate]], ...] = (
        ("pointing", [row.pointing for row in rows]),
        ("dice", [row.dice for row in rows]),
    )
    return tuple(
        _plot_forest(
            [
                ForestRow(
                    label=f"{method_name(row.method)}{' (trivial map)' if row.is_trivial else ''}",
                    estimate=estimate,
                    is_reference=row.is_trivial,
                )
                for row, estimate in zip(rows, estimates, strict=True)
            ],
            name=f"localization-{kind}",
            title=f"{metric_label(kind)} beside trivial maps",
            axis_label=metric_label(kind),
        )
        for kind, estimates in kinds
    )


def _kept_epochs(history: Mapping[str, Sequence[TrainingEpoch]]) -> str:
    best = {fold: best_epoch(rows) for fold, rows in history.items()}
    told = [
        f"{f'{fold}, ' if len(history) > 1 else ''}epoch {row.epoch} "
        f"({format_number(row.tune_auroc)})"
        for fold, row in best.items()
        if row
    ]
    return "; ".join(told) or "not known, the AUROC is not defined"


def _plot_forest(
    rows: Sequence[ForestRow], *, name: str, title: str, axis_label: str = "AUROC"
) -> Plot:
    told = [f"{row.label}: {format_estimate(row.estimate)}" for row in rows]
    return Plot(
        name=name,
        title=title,
        svg=draw_forest(
            rows, axis_label=axis_label, name=name, alt=f"{title}. {'; '.join(told)}."
        ),
        caption=(
            "Point and interval for each line; hollow squares are what to compare with."
        ),
        columns=("Line", axis_label, "Low", "High", "Slices", "Patients or groups"),
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


def _unit(unit: str) -> str:
    return "patients" if unit == "patients" else "groups"
