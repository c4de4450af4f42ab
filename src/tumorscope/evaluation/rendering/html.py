"""The report as one HTML page that asks no other host for anything."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.evaluation.measurement import OperatingPoint, Subgroup
from tumorscope.evaluation.rendering.benefit_section import benefit_section
from tumorscope.evaluation.rendering.calibration_section import calibration_section
from tumorscope.evaluation.rendering.context import ReportContext
from tumorscope.evaluation.rendering.curve_plots import plot_curves
from tumorscope.evaluation.rendering.detection_section import detection_section
from tumorscope.evaluation.rendering.limit_ranking import first_limits
from tumorscope.evaluation.rendering.limits import find_limits, weigh_limits
from tumorscope.evaluation.rendering.metric_words import (
    DECISION_ORDER,
    METRIC_WORDS,
    RANKING_ORDER,
    method_name,
    metric_label,
)
from tumorscope.evaluation.rendering.plots import (
    plot_baselines,
    plot_localization,
    plot_subgroups,
    plot_training,
)
from tumorscope.evaluation.report import EvaluationReport, SliceError
from tumorscope.pages.environment import page_environment
from tumorscope.pages.headline import HeadlineFigure
from tumorscope.pages.numbers import format_number
from tumorscope.pages.plot import Plot


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupTable:
    """The table and plot of all folds or all sites.

    Attributes:
        kind: "fold" or "site".
        subgroups: Its rows; empty where there are none.
        reason: Why there are none.
        plot: AUROC of each; None where there are none.
    """

    kind: str
    subgroups: tuple[Subgroup, ...]
    reason: str
    plot: Plot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGallery:
    """Worst errors of one kind.

    Attributes:
        title: Heading.
        note: What they have in common.
        errors: Most confident first.
    """

    title: str
    note: str
    errors: tuple[SliceError, ...]


def render_report(report: EvaluationReport, context: ReportContext) -> str:
    """Lay out an evaluation as one self-contained page.

    Args:
        report: The figures, curves and worst errors.
        context: Run, data, recipe, training and pictures.

    Returns:
        An HTML document: no script, no request to any host, pictures and plots inside.
        The first screen holds the limits that matter most and five figures; all else
        waits behind headings, which open on a click and are all open on paper. Each printed figure carries its full value in the `value` of a `<data>` element.
    """
    environment = page_environment("tumorscope.evaluation.rendering")
    environment.filters |= {
        "metric": metric_label,
        "method": method_name,
        "threshold": _threshold_text,
    }
    return environment.get_template("report.html.j2").render(
        report=report,
        context=context,
        notice=RESEARCH_USE,
        first_limits=first_limits(weigh_limits(report, context)),
        limits=find_limits(report, context),
        detection=detection_section(report),
        calibration=calibration_section(report),
        benefit=benefit_section(report),
        headline=_headline(report),
        curves=plot_curves(report),
        training=plot_training(context),
        baselines=plot_baselines(report),
        subgroup_tables=_subgroup_tables(report),
        galleries=_galleries(report),
        localization=plot_localization(context.localization),
        ranking_order=RANKING_ORDER,
        decision_order=DECISION_ORDER,
        metric_words=METRIC_WORDS,
    )


def _headline(report: EvaluationReport) -> tuple[HeadlineFigure, ...]:
    tuned = report.at_tuned
    null = format_number(report.calibration.null_high)
    return (
        HeadlineFigure(
            label="AUROC",
            estimate=report.ranking["auroc"],
            note="all slices; 0.5 is chance",
        ),
        HeadlineFigure(
            label="AUROC, position-matched",
            estimate=report.ranking["position_matched_auroc"],
            note="slices of like height only",
        ),
        HeadlineFigure(
            label="Sensitivity",
            estimate=tuned.metrics["recall"],
            note=_threshold_text(tuned),
        ),
        HeadlineFigure(
            label="Specificity",
            estimate=tuned.metrics["specificity"],
            note=_threshold_text(tuned),
        ),
        HeadlineFigure(
            label="Calibration error",
            estimate=report.calibration.estimate,
            note=f"up to {null} by chance; 0 is best",
        ),
    )


def _threshold_text(point: OperatingPoint) -> str:
    if point.name == "fixed":
        return "threshold 0.5"
    values = [threshold for _, threshold in point.thresholds]
    if not values:
        return "threshold not known"
    low, high = format_number(min(values)), format_number(max(values))
    if low == high:
        return f"threshold {low}, fixed on the tuning part"
    return f"thresholds {low} to {high}, fixed on the tuning parts"


def _subgroup_tables(report: EvaluationReport) -> tuple[SubgroupTable, ...]:
    kinds = (
        ("site", report.by_site, report.by_site_reason),
        ("fold", report.by_fold, "one split was tested"),
    )
    return tuple(
        SubgroupTable(
            kind=kind,
            subgroups=subgroups,
            reason="" if subgroups else reason,
            plot=plot_subgroups(report, subgroups, kind),
        )
        for kind, subgroups, reason in kinds
    )


def _galleries(report: EvaluationReport) -> tuple[ErrorGallery, ...]:
    return (
        ErrorGallery(
            title="False positives",
            note="Above the threshold, tumor-free by the reference standard.",
            errors=report.worst_false_positives,
        ),
        ErrorGallery(
            title="False negatives",
            note="Not above the threshold, with tumor by the reference standard.",
            errors=report.worst_false_negatives,
        ),
    )
