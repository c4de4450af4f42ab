"""The limits of a result, in words: the weightiest come first on the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.few_patients import few_patients_limit
from tumorscope.evaluation.rendering.context import ReportContext
from tumorscope.evaluation.rendering.limit_ranking import WeighedLimit, Weight
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
from tumorscope.pages.section import Section, Status

FEW_PATIENTS = 30
"""Below this, one patient more or less moves the figures visibly."""

Found = tuple[Weight, Limit]
_STATUS_WEIGHTS: dict[Status, Weight] = {
    "failed": Weight.NOT_CLEAN,
    "waived": Weight.NOT_CLEAN,
    "warning": Weight.RESULT,
}


def find_limits(report: EvaluationReport, context: ReportContext) -> tuple[Limit, ...]:
    """Collect what a reader must know beside the numbers.

    Args:
        report: The figures.
        context: Notes of the importer, warnings of the run, data facts, further sections.

    Returns:
        The limits of the data first, then those of the test, then those of the result.
    """
    return tuple(each.limit for each in weigh_limits(report, context))


def weigh_limits(
    report: EvaluationReport, context: ReportContext
) -> tuple[WeighedLimit, ...]:
    """Collect the limits with how much each matters, see `limit_ranking`.

    Args:
        report: The figures.
        context: Notes of the importer, warnings of the run, data facts, further sections.

    Returns:
        In the order of `find_limits`.
    """
    kinds = (
        _limits_of_data(report, context),
        ((Weight.REACH, limit) for limit in _limits_of_test(report, context)),
        _limits_of_result(report, context),
        _limits_of_sections(context.sections),
    )
    return tuple(
        WeighedLimit(limit=limit, weight=weight)
        for kind in kinds
        for weight, limit in kind
    )


def _limits_of_data(
    report: EvaluationReport, context: ReportContext
) -> Iterator[Found]:
    if context.is_phantom:
        yield (
            Weight.NOT_CLEAN,
            Limit(
                lead="Synthetic scans",
                text=(
                    "Every scan here is a synthetic phantom. The figures show that the software "
                    "works; they say nothing about patients."
                ),
            ),
        )
    told = dict.fromkeys(context.notes, ("Of this set", Weight.SET))
    told |= dict.fromkeys(context.warnings, ("Of this run", Weight.NOT_CLEAN))
    for text, (lead, weight) in told.items():
        # The importer's note on phantoms says what "Synthetic scans" has just said.
        if text and not (context.is_phantom and text.startswith("Phantom scans")):
            yield weight, Limit(lead=lead, text=text)
    if report.grouping == "near-duplicates":
        yield (
            Weight.NOT_CLEAN,
            Limit(
                lead="No patient ids",
                text=(
                    f"The slices are {report.grouping_words}: the same patient may stand "
                    "on both sides of the split, which flatters the figures."
                ),
            ),
        )
    if context.left_out:
        yield (
            Weight.INCOMPLETE,
            Limit(
                lead="Files left out",
                text=(
                    f"Skipped files: {format_count(len(context.left_out))}; they are "
                    "listed with the data."
                ),
            ),
        )


def _limits_of_test(
    report: EvaluationReport, context: ReportContext
) -> Iterator[Limit]:
    yield _setting(report)
    handful = few_patients_limit(report.n_patients, report.unit)
    if handful is not None:
        yield handful
    elif report.n_patients < FEW_PATIENTS:
        yield Limit(
            lead="Little data",
            text=(
                f"{report.n_patients} {report.unit} were tested. With fewer than "
                f"{FEW_PATIENTS}, other {report.unit} may give quite other figures, and "
                "rare failures may not show at all."
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
) -> Iterator[Found]:
    if report.n_tumor_slices in (0, report.n_slices):
        yield (
            Weight.NOT_CLEAN,
            Limit(
                lead="One class only",
                text="Figures that need slices with and without tumor cannot be assessed.",
            ),
        )
    for found in (
        _not_above(report),
        _missed_target(report, context),
        _position_effect(report),
        _miscalibration(report),
        _small_lesions(report),
        _explanations(context),
    ):
        yield from ((Weight.RESULT, limit) for limit in found)
    if not report.baselines:
        yield (
            Weight.INCOMPLETE,
            Limit(
                lead="No simple method beside it",
                text="Whether a simple method would do as well was not assessed.",
            ),
        )


def _limits_of_sections(sections: Iterable[Section]) -> Iterator[Found]:
    for section in sections:
        weight = _STATUS_WEIGHTS.get(section.status, Weight.INCOMPLETE)
        yield from ((weight, limit) for limit in section.limits)


def _missed_target(report: EvaluationReport, context: ReportContext) -> Iterator[Limit]:
    for target in dict.fromkeys(each.target for each in context.thresholds.values()):
        metric = "recall" if target.rate == "sensitivity" else "specificity"
        reached = report.at_tuned.metrics[metric]
        if not reached.reason and not reached.low <= target.value <= reached.high:
            yield Limit(
                lead="The threshold did not carry over",
                text=(
                    f"It was fixed for {target} on the tuning part; on the tested "
                    f"slices it is {format_estimate(reached)}."
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


def _not_above(report: EvaluationReport) -> Iterator[Limit]:
    level = [
        each
        for each in report.baselines
        if not each.difference.reason and each.difference.low <= 0
    ]
    if not level:
        return
    closest, *others = sorted(level, key=lambda each: each.difference.value)
    text = (
        f"The AUROC differs by {format_difference(closest.difference)} "
        f"{format_interval(closest.difference)} on the same slices."
    )
    if others:
        text += (
            f" Nor is it shown to be above {', '.join(each.name for each in others)}."
        )
    yield Limit(lead=f"Not shown to be above “{closest.name}”", text=text)


def _small_lesions(report: EvaluationReport) -> Iterator[Limit]:
    overall = report.at_ranked.sensitivity
    known = [
        stratum
        for stratum in report.by_lesion_size.strata
        if not stratum.ranked.reason and not overall.reason
    ]
    worst = min(known, key=lambda stratum: stratum.ranked.value, default=None)
    if worst is not None and worst.ranked.high < overall.value:
        yield Limit(
            lead="Lesions of one size are missed more",
            text=(
                f"At a specificity of {report.at_ranked.target_specificity:g}, the "
                f"sensitivity is {format_estimate(worst.ranked)} for lesions "
                f"{worst.name}, {format_value(overall)} for all."
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
