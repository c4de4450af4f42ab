"""The limits of a result, in words: they come first on the page."""

from __future__ import annotations

from collections.abc import Iterator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.rendering.context import ReportContext
from tumorscope.evaluation.rendering.metric_words import method_name
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import (
    format_count,
    format_difference,
    format_estimate,
    format_interval,
    format_number,
    format_value,
)

FEW_PATIENTS = 30
"""Below this, percentile intervals over whole patients tend to be too narrow."""


def find_limits(report: EvaluationReport, context: ReportContext) -> tuple[Limit, ...]:
    """Collect what a reader must know before the numbers.

    Args:
        report: The figures.
        context: Notes of the importer, warnings of the run, data facts.

    Returns:
        The limits of the data first, then those of the test, then those of the result.
    """
    return (
        *_limits_of_data(report, context),
        *_limits_of_test(report, context),
        *_limits_of_result(report, context),
    )


def _limits_of_data(
    report: EvaluationReport, context: ReportContext
) -> Iterator[Limit]:
    if context.is_phantom:
        yield Limit(
            lead="Synthetic scans",
            text=(
                "Every scan here is a phantom. The figures show that the software works; "
                "they say nothing about patients."
            ),
        )
    told = dict.fromkeys(context.notes, "Of this set")
    told |= dict.fromkeys(context.warnings, "Of this run")
    yield from (Limit(lead=lead, text=text) for text, lead in told.items() if text)
    if report.grouping == "near-duplicates":
        yield Limit(
            lead="No patient ids",
            text=(
                f"The slices are {report.grouping_words}: the same patient may stand on "
                "both sides of the split, which flatters the figures."
            ),
        )
    if context.left_out:
        yield Limit(
            lead="Files left out",
            text=(
                f"Skipped files: {format_count(len(context.left_out))}; they are listed "
                "with the data."
            ),
        )


def _limits_of_test(
    report: EvaluationReport, context: ReportContext
) -> Iterator[Limit]:
    yield _setting(report)
    if report.n_patients < FEW_PATIENTS:
        yield Limit(
            lead="Little data",
            text=(
                f"{report.n_patients} {report.unit} were tested. With fewer than "
                f"{FEW_PATIENTS}, intervals are wide and still tend to be too narrow."
            ),
        )
    few = [
        each.tune_patients
        for each in context.thresholds.values()
        if each.tune_patients < FEW_PATIENTS
    ]
    if few:
        yield Limit(
            lead="Threshold from little data",
            text=(
                f"The tuned threshold rests on as few as {min(few)} {report.unit} of the "
                "tuning part; the intervals do not cover this."
            ),
        )


def _setting(report: EvaluationReport) -> Limit:
    if report.part == "external":
        return Limit(
            lead="External testing",
            text=(
                "The model never saw this set. All figures are for single slices, none "
                "for a patient; another set may give other figures."
            ),
        )
    split = "The folds share one source" if report.by_fold else "One split was tested"
    return Limit(
        lead="Internal testing",
        text=(
            f"{split}, and test slices come from the same source as training slices. All "
            "figures are for single slices, none for a patient or another hospital."
        ),
    )


def _limits_of_result(
    report: EvaluationReport, context: ReportContext
) -> Iterator[Limit]:
    if report.n_tumor_slices in (0, report.n_slices):
        yield Limit(
            lead="One class only",
            text="Figures that need slices with and without tumor cannot be assessed.",
        )
    yield from _missed_target(report)
    yield from _position_effect(report)
    yield from _miscalibration(report)
    yield from _baselines(report)
    yield from _explanations(context)


def _missed_target(report: EvaluationReport) -> Iterator[Limit]:
    specificity = report.at_tuned.metrics["specificity"]
    target = report.spec.target_specificity
    if not specificity.reason and not specificity.low <= target <= specificity.high:
        yield Limit(
            lead="The threshold did not carry over",
            text=(
                f"It was fixed for a specificity of {target:g} on the tuning part; on "
                f"the tested slices it is {format_estimate(specificity)}."
            ),
        )


def _position_effect(report: EvaluationReport) -> Iterator[Limit]:
    overall, matched = (
        report.ranking["auroc"],
        report.ranking["position_matched_auroc"],
    )
    if not overall.reason and not matched.reason and matched.value < overall.low:
        yield Limit(
            lead="Height of the slice",
            text=(
                f"Among slices of like height the AUROC is {format_estimate(matched)}, "
                f"below the {format_value(overall)} of all: part of the ranking is due "
                "to where tumors lie."
            ),
        )


def _miscalibration(report: EvaluationReport) -> Iterator[Limit]:
    calibration = report.calibration
    if not calibration.estimate.reason and not calibration.inside_null:
        yield Limit(
            lead="Probabilities are off",
            text=(
                f"The calibration error is {format_number(calibration.estimate.value)}; "
                "perfect calibration would stay below "
                f"{format_number(calibration.null_high)} in 95 of 100 sets like this."
            ),
        )


def _baselines(report: EvaluationReport) -> Iterator[Limit]:
    if not report.baselines:
        yield Limit(
            lead="No simple method beside it",
            text="Whether a simple method would do as well was not assessed.",
        )
    for each in report.baselines:
        difference = each.difference
        if not difference.reason and difference.low <= 0:
            yield Limit(
                lead=f"Not shown to be above “{each.name}”",
                text=(
                    f"The AUROC differs by {format_difference(difference)} "
                    f"{format_interval(difference)} on the same slices."
                ),
            )


def _explanations(context: ReportContext) -> Iterator[Limit]:
    scores = [
        (row, row.pointing) for row in context.localization if not row.pointing.reason
    ]
    own = [each for each in scores if not each[0].is_trivial]
    trivial = [each for each in scores if each[0].is_trivial]
    if not own or not trivial:
        return
    best, floor = (max(kind, key=_pointing) for kind in (own, trivial))
    if best[1].value <= floor[1].value:
        yield Limit(
            lead="Explanations do not beat trivial maps",
            text=(
                f"The best attribution ({method_name(best[0].method)}) points into the lesion in "
                f"{format_estimate(best[1])} of tumor slices, the trivial map "
                f"“{method_name(floor[0].method)}” in {format_estimate(floor[1])}."
            ),
        )


def _pointing(scored: tuple[object, MetricEstimate]) -> float:
    return scored[1].value
