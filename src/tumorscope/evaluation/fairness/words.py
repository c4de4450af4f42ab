"""What the page says of gaps and groups, in sentences."""

from __future__ import annotations

import math

from tumorscope.evaluation.fairness.gaps import Gap
from tumorscope.evaluation.fairness.report import AttributeReport, FairnessReport
from tumorscope.pages.numbers import format_estimate, format_number, format_small

SIGNIFICANT = 0.05
FIGURE_WORDS = {
    "auroc": "AUROC",
    "sensitivity_at_t95": "Sensitivity at t95",
    "false_positive_rate_at_t95": "False-positive rate at t95",
    "sensitivity": "Sensitivity, tuned threshold",
    "false_positive_rate": "False-positive rate, tuned threshold",
    "debiased_ece": "Calibration error above its null",
    "brier": "Brier score",
    "abstained": "Share abstained on",
    "referred": "Share referred",
    "localization": "Localization",
    "size_standardized_sensitivity": "Sensitivity at t95, lesion sizes made equal",
}
MAIN_GAP = "sensitivity_at_t95"
NOT_FAIRNESS = (
    "A gap that chance could show is no sign that groups are treated alike: with few "
    "patients, large gaps stay unseen too."
)


def describe_gap(attribute: AttributeReport, gap: Gap) -> str:
    """Say how large a gap is, between whom, and what chance would show."""
    figure = FIGURE_WORDS[gap.measure]
    figure = figure if figure.startswith("AUROC") else figure[0].lower() + figure[1:]
    if gap.estimate.reason:
        return (
            f"{attribute.name}: the gap in {figure} cannot be assessed: "
            f"{gap.estimate.reason}."
        )
    if gap.highest == gap.lowest:
        return f"{attribute.name}: {figure} is the same in all groups."
    text = (
        f"{attribute.name}: {figure} of {gap.lowest!r} is "
        f"{format_estimate(gap.estimate)} below that of {gap.highest!r} "
        f"({gap.estimate.n_patients} patients, {gap.estimate.n_slices} slices)"
    )
    return f"{text}{_null_words(gap)}."


def describe_attribute(attribute: AttributeReport) -> tuple[str, ...]:
    """Say what was compared, who was left out, and the gaps that were tested."""
    if attribute.reason:
        return (f"{attribute.name} cannot be assessed: {attribute.reason}.",)
    sentences = [
        describe_gap(attribute, attribute.gap(MAIN_GAP)),
        describe_gap(attribute, attribute.gap("auroc")),
        f"Labels were shuffled among {attribute.shuffled_within}, scores held fixed. "
        "Group names are those of the source; codes stay codes.",
    ]
    small = [group.name for group in attribute.groups if not group.is_compared]
    if small:
        sentences.append(
            f"Too few patients to be compared, listed only: {', '.join(small)}."
        )
    left_out = {
        "without a value": attribute.n_unknown,
        "with several": attribute.n_mixed,
    }
    found = [f"{count} {words}" for words, count in left_out.items() if count]
    if found:
        sentences.append(f"Patients in no group: {' and '.join(found)}.")
    if not math.isnan(attribute.shared_size_share):
        sentences.append(
            "For equal lesion sizes, strata that all groups have enter: "
            f"{attribute.shared_size_share:.0%} of their tumor slices with a mask."
        )
    return tuple(sentences)


def summarize_report(report: FairnessReport) -> tuple[str, ...]:
    """Say the main things: what cannot be assessed, what lies beyond chance, who is worst."""
    beyond = [
        describe_gap(attribute, gap)
        for attribute in report.attributes
        for gap in attribute.gaps
        if gap.p_holm < SIGNIFICANT
    ]
    unknown = [f"{one.name} ({one.reason})" for one in report.attributes if one.reason]
    tests = (
        f"{report.n_tests} gaps were tested, as listed beforehand; "
        f"{len(beyond) or 'none'} of them lie{'s' if len(beyond) == 1 else ''} beyond "
        f"chance after Holm's correction. {NOT_FAIRNESS}"
    )
    sentences = [tests if report.n_tests else f"No gap was tested. {NOT_FAIRNESS}"]
    sentences += beyond
    if unknown:
        sentences.append(f"Cannot be assessed: {'; '.join(unknown)}.")
    sentences.append(_worst_words(report))
    sentences.append(describe_sizes(report))
    return tuple(sentences)


def describe_sizes(report: FairnessReport) -> str:
    """Say how far sensitivity depends on the size of the lesion."""
    gap = report.sizes.gap
    if gap.estimate.reason:
        return f"Sensitivity by lesion size cannot be assessed: {gap.estimate.reason}."
    if gap.highest == gap.lowest:
        return "Sensitivity at t95 is the same for all lesion sizes."
    return (
        f"By lesion size, sensitivity at t95 differs by {format_estimate(gap.estimate)} "
        f"between {gap.lowest} and {gap.highest} ({gap.estimate.n_slices} tumor slices of "
        f"{gap.estimate.n_patients} patients; pixels at 256 x 256). Sizes differ within "
        "a patient, so that this gap has no null from shuffled patients."
    )


def _null_words(gap: Gap) -> str:
    if math.isnan(gap.null_high):
        return ""
    text = (
        "; groups of these sizes that mean nothing differ by up to "
        f"{format_number(gap.null_high, 2)} in 95 of 100 shufflings"
    )
    if math.isnan(gap.p):
        return text
    p = f"p {format_small(gap.p)}, after Holm {format_small(gap.p_holm)}"
    if gap.p_holm < SIGNIFICANT:
        return f"{text}: a gap beyond chance ({p})"
    return f"{text}: chance alone could show it ({p})"


def _worst_words(report: FairnessReport) -> str:
    worst = report.worst
    if worst.auroc.reason:
        return f"The worst group cannot be assessed: {worst.auroc.reason}."
    return (
        f"The lowest AUROC of {worst.n_groups} groups with at least "
        f"{report.spec.min_patients_firm} patients is {format_estimate(worst.auroc)} "
        f"({worst.name}; {worst.auroc.n_patients} patients, {worst.auroc.n_slices} "
        "slices). The lowest of several figures lies below what the same group would "
        "show in new patients."
    )
