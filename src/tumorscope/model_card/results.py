"""The parts of a card that hold figures: testing, calibration, groups, robustness, maps."""

from __future__ import annotations

from collections.abc import Iterator

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.protocol_spec import PROTOCOL_WORDS
from tumorscope.model_card.blocks import (
    fact_table,
    figure_table,
    missing_section,
    not_measured,
    present,
)
from tumorscope.model_card.corruptions import robustness_section
from tumorscope.model_card.figures import JsonObject, figure_at
from tumorscope.model_card.groups import groups_section
from tumorscope.model_card.input_checks import input_checks_section
from tumorscope.model_card.maps import maps_section
from tumorscope.model_card.source import CardSource
from tumorscope.pages.headline import HeadlineFigure
from tumorscope.pages.numbers import format_number
from tumorscope.pages.section import Section, Table

FIGURES: dict[str, tuple[str, ...]] = {
    "AUROC": ("ranking", "auroc"),
    "AUROC among slices of like height": ("ranking", "position_matched_auroc"),
    "Mean AUROC within a patient": ("ranking", "within_patient_auroc"),
    "AUROC without slices at a lesion's end": ("ranking", "auroc_without_boundary"),
    "Average precision": ("ranking", "average_precision"),
    "Sensitivity where 95 % of tumor-free slices are not above": (
        "at_ranked",
        "sensitivity",
    ),
    "Sensitivity, tuned threshold": ("at_tuned", "metrics", "recall"),
    "Specificity, tuned threshold": ("at_tuned", "metrics", "specificity"),
    "Precision, tuned threshold": ("at_tuned", "metrics", "precision"),
    "Accuracy at 0.5": ("at_half", "metrics", "accuracy"),
}
"""Where the figures of the card stand in report.json."""
_HEADLINE = (
    ("AUROC", ("ranking", "auroc"), "ranking of slices"),
    (
        "AUROC, like height",
        ("ranking", "position_matched_auroc"),
        "ranking where position cannot help",
    ),
    ("Sensitivity", ("at_tuned", "metrics", "recall"), "tuned threshold"),
    ("Specificity", ("at_tuned", "metrics", "specificity"), "tuned threshold"),
    ("Calibration error", ("calibration", "estimate"), "beside its null below"),
)


def result_sections(source: CardSource) -> tuple[Section, ...]:
    """Return every block of figures; what was not measured says which command does it."""
    return (
        _testing(source),
        _calibration(source),
        _abstention(source),
        input_checks_section(source),
        groups_section(source),
        robustness_section(source),
        maps_section(source),
    )


def headline(source: CardSource) -> tuple[HeadlineFigure, ...]:
    """Return the few figures of the first screen; none where nothing was tested."""
    found = (
        (label, figure_at(source.report, *path), note)
        for label, path, note in _HEADLINE
    )
    return tuple(
        HeadlineFigure(label=label, estimate=estimate, note=note)
        for label, estimate, note in found
        if estimate is not None
    )


def report_figures(report: JsonObject | None) -> list[tuple[str, MetricEstimate]]:
    """Return the figures of a report that the card shows, with their names."""
    found = ((label, figure_at(report, *path)) for label, path in FIGURES.items())
    return [(label, estimate) for label, estimate in found if estimate is not None]


def _testing(source: CardSource) -> Section:
    report = source.report
    if report is None:
        return missing_section("figures", "Figures", "evaluate RUN")
    sentences = [
        f"{report['testing'].capitalize()}, {report['grouping_words']}: "
        f"{report['n_slices']} slices, {report['n_tumor_slices']} with tumor, "
        f"{report['n_patients']} {report['unit']}. Intervals draw {report['resampled']}.",
    ]
    if not report.get("baselines"):
        sentences.append(
            not_measured(
                "evaluate RUN --set evaluate.baselines=true",
                "Simple methods on the same slices were not measured",
            )
        )
    sentences += _missing_tests(source)
    return Section(
        name="figures",
        title="Figures",
        sentences=tuple(sentences),
        tables=present(
            figure_table("Internal testing", report_figures(report)),
            _baselines(report),
            *_protocols(source),
            *_externals(source),
        ),
    )


def _missing_tests(source: CardSource) -> Iterator[str]:
    if not source.protocols:
        yield not_measured(
            "evaluate RUN --protocol cv", "Cross-validation was not measured"
        )
    if not source.externals:
        yield not_measured(
            "evaluate RUN --manifest OTHER_SET", "External testing was not measured"
        )


def _baselines(report: JsonObject) -> Table | None:
    rows = tuple(
        (each["name"], auroc, difference)
        for each in report.get("baselines", ())
        if (auroc := figure_at(each, "auroc")) is not None
        and (difference := figure_at(each, "difference")) is not None
    )
    if not rows:
        return None
    return Table(
        caption="Simple methods on the same slices",
        columns=("Method", "Its AUROC", "AUROC of the model minus its own, paired"),
        rows=rows,
    )


def _protocols(source: CardSource) -> Iterator[Table | None]:
    words: dict[str, str] = {str(key): text for key, text in PROTOCOL_WORDS.items()}
    for name, content in source.protocols.items():
        figures = content["report"]["figures"]
        repeats = len(content["report"]["repeats"])
        yield figure_table(
            f"{words.get(name, name)}, repeats: {repeats}",
            ((key.replace("_", " "), figure_at(figures, key)) for key in figures),
        )


def _externals(source: CardSource) -> Iterator[Table | None]:
    for name, report in source.externals.items():
        yield figure_table(f"External testing on {name}", report_figures(report))


def _calibration(source: CardSource) -> Section:
    report, fixed = source.report, source.card.calibration
    if report is None:
        return missing_section("calibration", "Calibration", "evaluate RUN")
    null = report["calibration"]["null_high"]
    applied = (
        "No calibration was applied: tumor_probability is that of the raw logit."
        if fixed.method == "none"
        else f"Calibrated by {fixed.method}, fitted on {fixed.tune_slices} tuning slices of "
        f"{fixed.tune_patients} {source.unit}."
    )
    against = (
        "The null of the calibration error was not given."
        if null is None
        else "Perfect calibration would stay below a calibration error of "
        f"{format_number(null)} in 95 of 100 sets like this."
    )
    figures = [
        ("Expected calibration error", figure_at(report, "calibration", "estimate")),
        ("Brier score", figure_at(report, "ranking", "brier")),
        ("Log loss", figure_at(report, "ranking", "log_loss")),
    ]
    for scale in report.get("scales", ()):
        name = f"{scale['scale']} score"
        figures += [
            (f"Calibration {key}, {name}", figure_at(scale, key))
            for key in ("slope", "intercept")
        ]
    return Section(
        name="calibration",
        title="Calibration",
        sentences=(applied, against),
        tables=present(figure_table("Calibration on the tested slices", figures)),
    )


def _abstention(source: CardSource) -> Section:
    name, title = "abstention", "Abstention and sets of possible labels"
    content = (source.report or {}).get("abstention")
    if content is None:
        return missing_section(name, title, "evaluate RUN")
    rule = source.card.referral
    referrals = content["referrals"]
    risk = content["selective"]["metrics"]
    sets = [
        (f"{words} at {each['level']:g}: {key.replace('_', ' ')}", estimate)
        for words, block in (
            ("sets", "sets"),
            ("sets across folds", "sets_across_folds"),
        )
        for each in content[block]
        for key in each["metrics"]
        if (estimate := figure_at(each, "metrics", key)) is not None
    ]
    return Section(
        name=name,
        title=title,
        sentences=(
            f"A slice is referred by the rule “{rule.refer_when}”, fixed on "
            f"{rule.tune_slices} tuning slices of {rule.tune_patients} {source.unit}.",
            "Referred slices stay in every other figure of this card.",
        ),
        tables=present(
            fact_table("Promised sets of possible labels", _promises(source)),
            figure_table(
                "Referrals",
                (
                    (key.replace("_", " "), figure_at(referrals, key))
                    for key in referrals
                ),
            ),
            figure_table(
                "Error by coverage",
                ((key.replace("_", " "), figure_at(risk, key)) for key in risk),
            ),
            figure_table("Coverage and size of the sets", sets),
        ),
    )


def _promises(source: CardSource) -> dict[str, str]:
    levels = source.card.conformal.known_levels
    if not levels:
        return {"levels": "none was stored"}
    return {
        f"level {each.level:g}": "promised"
        if each.is_promised
        else "cannot be promised: too few tuning patients"
        for each in levels
    }
