"""What the page says of corrupted slices, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.robustness.report import RobustnessReport, Summary
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_estimate, format_number, format_share


def severity_words(severities: Sequence[int]) -> str:
    """Return the severities as in "severity 1-2"."""
    if len(severities) == 1:
        return f"severity {severities[0]}"
    return f"severity {severities[0]}-{severities[-1]}"


def summarize_robustness(report: RobustnessReport) -> tuple[str, ...]:
    """Say in a few sentences what corrupted slices cost."""
    middle = next(one for one in report.drops if one.severities == (3,))
    return (
        f"Clean AUROC {format_estimate(report.clean['auroc'])} "
        f"({report.n_slices} slices, {report.n_patients} {report.unit}). "
        f"{_summary_words(middle, 'AUROC lost')}",
        _summary_words(report.sensitivity, "Sensitivity lost at the clean t95"),
        f"New errors of severity 3 that were abstained on: "
        f"{_figure(report.new_errors_abstained)}.",
        _relative_words(report),
        _missing_words(report),
    )


def robustness_limits(report: RobustnessReport) -> tuple[Limit, ...]:
    """Return what a reader must know before the numbers."""
    return (
        Limit(
            lead="Simulated artifacts",
            text=(
                "Artifacts are computed on magnitude images that were already stored. "
                "Real ones arise before the image is made, and may look different."
            ),
        ),
        Limit(
            lead=f"{report.n_patients} {report.unit}",
            text=(
                "Intervals are over patients, paired with the clean slices. With few "
                "patients, a loss that was not found is not excluded."
            ),
        ),
        Limit(
            lead="The worst artifact was chosen here",
            text=(
                "It is the largest of eight on the same slices, so its figure is on the "
                "pessimistic side, and its interval does not include the choice."
            ),
        ),
    )


def describe_rules(report: RobustnessReport) -> str:
    """Say what was fixed on clean slices."""
    return (
        "Fixed on the clean slices: t95 = "
        f"{format_number(report.t95)}, the 0.95 quantile of the scores of tumor-free "
        "slices, found anew in every bootstrap draw; and the confidence "
        f"{format_number(report.confidence_cut)}, below which a slice counts as "
        f"abstained on, so that {format_share(report.spec.coverage)} of the clean slices "
        "are decided. A new error was right when clean and is wrong when corrupted, at "
        "tumor_probability 0.5."
    )


def _summary_words(summary: Summary, what: str) -> str:
    head = f"{what} at {severity_words(summary.severities)}"
    if summary.mean.reason:
        return f"{head}: {_figure(summary.mean)}."
    return (
        f"{head}, mean of eight artifacts: {_figure(summary.mean)}; worst: "
        f"{summary.worst_artifact}, {_figure(summary.worst)}."
    )


def _relative_words(report: RobustnessReport) -> str:
    relative = report.relative
    text = f"Relative corruption error (reference = 100): {_figure(relative.mean)}"
    if relative.reference:
        text += f", beside {relative.reference}"
    if relative.left_out:
        text += (
            f"; left out, because they cost the reference less than 0.01: "
            f"{', '.join(relative.left_out)}"
        )
    return f"{text}."


def _missing_words(report: RobustnessReport) -> str:
    if report.missing_reason:
        return f"Missing sequences cannot be assessed: {report.missing_reason}."
    worst = max(report.missing, key=lambda one: _sortable(one.figures["auroc_drop"]))
    return (
        f"Missing sequence that costs most AUROC: {worst.name}, "
        f"{_figure(worst.figures['auroc_drop'])}."
    )


def _sortable(estimate: MetricEstimate) -> float:
    return float("-inf") if estimate.reason else estimate.value


def _figure(estimate: MetricEstimate) -> str:
    return format_estimate(estimate)
