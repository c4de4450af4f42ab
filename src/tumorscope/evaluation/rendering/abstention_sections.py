"""Referrals and sets of possible labels on the page of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matplotlib.figure import Figure

from tumorscope.domain.card import BundleCard
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.evaluation.abstention import AbstentionReport
from tumorscope.evaluation.coverage import SetFigures
from tumorscope.evaluation.rule_words import (
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    unit_of,
)
from tumorscope.evaluation.selective import RiskCoverage
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_estimate, format_share, format_value
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Table
from tumorscope.pages.svg import MODEL, draw_inline_svg

SIZE_IN = (3.7, 3.0)
SELECTIVE_WORDS = {
    "error_at_100": "Error of all slices at 0.5",
    "error_at_90": "Error of the most confident 90 %",
    "error_at_80": "Error of the most confident 80 %",
    "error_at_50": "Error of the most confident 50 %",
    "aurc": "Area under the risk-coverage curve (AURC)",
}
REFERRAL_WORDS = {
    "referral_rate": "Referred, of all slices",
    "referral_rate_no_tumor": "Referred, of tumor-free slices",
    "referral_rate_tumor": "Referred, of tumor slices",
    "error": "Wrong at the tuned threshold, of all slices",
    "error_decided": "Wrong, of the slices that are not referred",
    "wrong_referred": "Referred, of the wrong decisions",
    "sensitivity_decided": "Sensitivity on the slices that are not referred",
    "specificity_decided": "Specificity on the slices that are not referred",
    "missed": "Tumor slices decided as “not above”",
    "ambiguous": "Ground: both labels possible, or none",
    "contradicted": "Ground: the set and the threshold disagree",
    "unsure": "Ground: confidence below the cut",
}
SET_WORDS = {
    "coverage_no_tumor": "Coverage, tumor-free",
    "coverage_tumor": "Coverage, tumor",
    "one_label": "One label",
    "both_labels": "Both labels",
    "no_label": "No label",
}


def selective_section(
    report: AbstentionReport, cards: Mapping[str, BundleCard]
) -> Section:
    """Return the part of the page on confidence and referrals.

    Args:
        report: The figures.
        cards: The card of each fold, by the fold's name.
    """
    rate, saved = (
        report.referrals["referral_rate"],
        report.referrals["wrong_referred"],
    )
    return Section(
        name="referral",
        title="Referral and confidence",
        sentences=(
            "Instead of a decision, a slice can be referred to a reader. Referred: "
            f"{format_estimate(rate)} of the tested slices; of the wrong decisions, "
            f"{format_estimate(saved)} are among them.",
            "In the risk-coverage curve, the confidence is the larger of "
            "tumor_probability and its complement, and a slice is wrong if "
            "tumor_probability above 0.5 disagrees with the reference standard.",
            *_rules(cards),
        ),
        limits=tuple(_limits_of_referral(report)),
        tables=(
            Table(
                caption="Decisions at the tuned threshold, with referrals",
                columns=("Figure", "Estimate"),
                rows=_rows(report.referrals, REFERRAL_WORDS),
            ),
            Table(
                caption="Error by confidence, at 0.5",
                columns=("Figure", "Estimate"),
                rows=_rows(report.selective.metrics, SELECTIVE_WORDS),
            ),
            *_site_tables(
                report.by_site,
                {
                    name: REFERRAL_WORDS[name]
                    for name in (
                        "referral_rate",
                        "referral_rate_tumor",
                        "error_decided",
                    )
                },
                caption="Referrals by site",
            ),
        ),
        plots=(_plot_risk(report.selective),),
        is_folded=True,
    )


def conformal_section(
    report: AbstentionReport, cards: Mapping[str, BundleCard]
) -> Section:
    """Return the part of the page on sets of possible labels.

    Args:
        report: The figures.
        cards: The card of each fold, by the fold's name.
    """
    return Section(
        name="label-sets",
        title="Sets of possible labels",
        sentences=(
            "A conformal set holds the labels that a slice may have. Its level is the "
            "promised share of slices, for each true label, whose set holds that label, "
            "for one slice of a new patient from the same source.",
            "One slice of each patient counts, so that long series do not weigh more: "
            "each figure is the mean over endlessly many such choices.",
            *dict.fromkeys(
                f"Here: {describe_sets(card.conformal, unit_of(card))}."
                for card in cards.values()
            ),
        ),
        limits=tuple(_limits_of_sets(report.sets)),
        tables=tuple(_set_tables(report)),
        is_folded=True,
    )


def _rules(cards: Mapping[str, BundleCard]) -> tuple[str, ...]:
    """Return the rules of one card, or say that each fold has its own."""
    if len(cards) > 1:
        return (
            f"Each of the {len(cards)} folds fixed its own calibration, threshold and "
            "cut on its tuning part; its card tells them.",
        )
    (card,) = cards.values()
    unit = unit_of(card)
    return (
        f"Calibration: {describe_calibration(card.calibration, unit)}.",
        f"Threshold: {describe_threshold(card.threshold, unit)}.",
        f"Referral: {describe_referral(card.referral)}.",
        f"Prevalence: {prevalence_note(card)}.",
    )


def _limits_of_referral(report: AbstentionReport) -> Iterator[Limit]:
    missed = report.referrals["missed"]
    if not missed.reason and missed.value > 0:
        yield Limit(
            lead="Tumor slices that are neither found nor referred",
            text=(
                f"{format_estimate(missed)} of the tumor slices are decided as “not "
                "above”: a referral rule does not see every error."
            ),
        )


def _limits_of_sets(sets: tuple[SetFigures, ...]) -> Iterator[Limit]:
    for each in sets:
        reason = each.metrics["one_label"].reason
        if reason.startswith("cannot be promised"):
            yield Limit(
                lead=f"No promise at {format_share(each.level)}",
                text=f"Sets of possible labels {reason}.",
            )
        for name in ("coverage_no_tumor", "coverage_tumor"):
            coverage = each.metrics[name]
            if not coverage.reason and coverage.high < each.level:
                yield Limit(
                    lead="Sets of possible labels hold less than promised",
                    text=(
                        f"Promised are {format_share(each.level)}; on the tested slices "
                        f"the sets hold {format_estimate(coverage)} "
                        f"({SET_WORDS[name].lower()}): these slices differ from the "
                        "tuning part."
                    ),
                )


def _set_tables(report: AbstentionReport) -> Iterator[Table]:
    kinds = (
        ("fixed on the tuning part, as in the bundle", report.sets),
        (
            "each fold's fixed on the tested slices of the other folds",
            report.sets_across_folds,
        ),
    )
    for how, sets in kinds:
        if not sets:
            continue
        yield Table(
            caption=f"Sets of possible labels, {how}",
            columns=("Level", *SET_WORDS.values()),
            rows=tuple(
                (
                    format_share(each.level)
                    + (" (decides)" if each.is_deciding else ""),
                    *_figures(each.metrics),
                )
                for each in sets
            ),
        )
        for each in sets:
            if each.metrics["one_label"].reason:
                continue
            yield from _site_tables(
                each.by_site,
                SET_WORDS,
                caption=f"The same by site, level {format_share(each.level)}, {how}",
            )


def _figures(metrics: MetricSet) -> tuple[MetricEstimate | str, ...]:
    """Return the figures of a level, or once why the level has none."""
    if not metrics["one_label"].reason:
        return tuple(metrics[name] for name in SET_WORDS)
    return (metrics["one_label"], *[""] * (len(SET_WORDS) - 1))


def _site_tables(
    by_site: tuple[tuple[str, MetricSet], ...],
    words: Mapping[str, str],
    *,
    caption: str,
) -> Iterator[Table]:
    if by_site:
        yield Table(
            caption=caption,
            columns=("Site", *words.values()),
            rows=tuple(
                (
                    site,
                    *(metrics[name] for name in words),
                )
                for site, metrics in by_site
            ),
        )


def _rows(
    metrics: MetricSet, words: Mapping[str, str]
) -> tuple[tuple[str, MetricEstimate], ...]:
    return tuple((label, metrics[name]) for name, label in words.items())


def _plot_risk(curve: RiskCoverage) -> Plot:
    told = " ".join(
        f"{SELECTIVE_WORDS[name]}: {format_value(curve.metrics[name])}."
        for name in ("error_at_100", "error_at_80", "aurc")
        if not curve.metrics[name].reason
    )

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(curve.coverage, curve.error, color=MODEL)
        axes.set(
            xlabel="Coverage: share of slices decided",
            ylabel="Error of the decided slices",
            xlim=(0, 1.02),
        )
        axes.set_ylim(bottom=0)

    return Plot(
        name="risk-coverage",
        title="Risk and coverage",
        svg=draw_inline_svg(
            paint,
            name="risk-coverage",
            alt=f"Error against the share of slices decided. {told}",
            size_in=SIZE_IN,
        ),
        caption=(
            "Error of the most confident slices. A curve that rises to the right means "
            "that the confidence knows where the errors are."
        ),
        columns=("Coverage", "Error"),
        rows=tuple(
            (float(one), float(other))
            for one, other in zip(curve.coverage, curve.error, strict=True)
        ),
    )
