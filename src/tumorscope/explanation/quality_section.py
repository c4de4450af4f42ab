"""How good maps are, as a part of a report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tumorscope.explanation.order_tests import CURVES
from tumorscope.explanation.quality import (
    RANDOMIZATION_GATE,
    MethodQuality,
    QualityReport,
    SliceGroup,
    Verdict,
)
from tumorscope.explanation.quality_figures import LOCALIZATION, QUALITY_FIGURES
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_number
from tumorscope.pages.section import Section, Status, Table, TableCell

VERDICT_WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "failed: not to be trusted",
    "cannot be assessed": "not checked: not to be trusted",
    "no model": "a trivial map, looks at no model",
}
"""The verdict of the weight-randomization check, in words."""

_WHERE = (
    "precision",
    "precision_top_core",
    "average_precision",
    "mass_outside_brain",
    "highlighted_on_tumor_free",
)
_DEPENDS = (
    "randomized_rank_correlation",
    "randomized_chance",
    "noise_ssim",
    "noise_rank_correlation",
)
_SECOND_RUN = ("seed_ssim", "seed_rank_correlation")
_GROUP_WORDS = {"found": "called tumor", "missed": "missed by the model"}
_SMALLEST_P = 0.0005


def quality_section(report: QualityReport) -> Section:
    """Draw all figures of the maps' quality.

    Args:
        report: The figures.

    Returns:
        One part of a page; its tables wait behind a click.
    """
    return Section(
        name="explanation-quality",
        title="Can the maps be trusted?",
        sentences=summarize_quality(report),
        status=_status(report),
        limits=quality_limits(report),
        tables=(
            _dependence_table(report),
            _place_table(report),
            _removal_table(report),
            *_test_tables(report),
            *(_group_table(report, figure) for figure in LOCALIZATION),
        ),
        is_folded=True,
    )


def summarize_quality(report: QualityReport) -> tuple[str, ...]:
    """Say in words what was found, worst first."""
    return (
        *_trust_words(report),
        *_deletion_words(report),
        *_completeness_words(report),
        _rule_words(report),
    )


def quality_limits(report: QualityReport) -> tuple[Limit, ...]:
    """Return what a reader must know before looking at a map."""
    if not report.untrusted:
        return ()
    return (
        Limit(
            lead="Maps that are not to be trusted",
            text=(
                f"{_names(report.untrusted)}: the maps stay too much alike when all "
                "weights are drawn anew."
            ),
        ),
    )


def _status(report: QualityReport) -> Status:
    verdicts = {each.verdict for each in report.methods if not each.is_trivial}
    if "failed" in verdicts:
        return "warning"
    return "passed" if verdicts == {"passed"} else "cannot be assessed"


def _trust_words(report: QualityReport) -> Iterator[str]:
    gate = (
        f"a mean |rho| of at most {RANDOMIZATION_GATE:g}, with its interval, between the "
        "maps of the model and of a network whose weights are all drawn anew"
    )
    own = [each for each in report.methods if not each.is_trivial]
    for verdict, words in (
        (
            "failed",
            "Not to be trusted as reasons for a score: {names}. The check asks for {gate}. "
            "Coarse maps agree without any learning: the table shows how much two networks "
            "that learned nothing agree.",
        ),
        (
            "passed",
            "Passed the weight-randomization check: {names}. It asks for {gate}.",
        ),
        (
            "cannot be assessed",
            "The weight-randomization check cannot be assessed for {names}: these maps are "
            "not to be trusted as reasons for a score.",
        ),
    ):
        methods = [each.method for each in own if each.verdict == verdict]
        if methods:
            yield words.format(names=_names(methods), gate=gate)


def _deletion_words(report: QualityReport) -> Iterator[str]:
    tests = [each for each in report.tests if each.curve == "deletion"]
    if not tests or not any(each.n_patients for each in tests):
        yield "Deletion and insertion cannot be assessed: no slice was looked at."
        return
    methods = dict.fromkeys(each.method for each in tests)
    better = [
        method
        for method in methods
        if all(
            each.is_better and each.p_value < 0.05
            for each in tests
            if each.method == method
        )
    ]
    n_patients = max(each.n_patients for each in tests)
    found = (
        f"the maps of {_names(better)} lower the score faster than both"
        if better
        else "no map lowers the score faster than both"
    )
    yield (
        "When the brain's pixels are deleted in the order of a map, against a random order "
        f"and the order of brightness: {found} (p below 0.05, signed-rank test over "
        f"{n_patients} patients or groups)."
    )


def _completeness_words(report: QualityReport) -> Iterator[str]:
    if not math.isnan(report.completeness_error):
        yield (
            "The class map is the decision: its mean differs from the logit by "
            f"{report.completeness_error:.2g} at most, over {report.completeness_slices} "
            "slices."
        )


def _rule_words(report: QualityReport) -> str:
    spec = report.spec
    second = f" The second run is {report.against}." if report.against else ""
    return (
        "Every tumor slice with a mask is scored, also those that the model missed. Up to "
        f"{spec.check_slices} tumor slices were checked with re-initialized weights and "
        f"noise, up to {spec.deletion_slices} had pixels deleted, up to "
        f"{spec.tumor_free_slices} tumor-free slices were mapped; all are chosen at random, "
        f"spread over the patients. Intervals draw {report.resampled}.{second}"
    )


def _dependence_table(report: QualityReport) -> Table:
    figures = (*_DEPENDS, *(_SECOND_RUN if report.against else ()))
    own = [each for each in report.methods if not each.is_trivial]
    return _figure_table(
        own,
        figures,
        caption="Do the maps depend on what was learned, and on little else?",
        verdict=True,
    )


def _place_table(report: QualityReport) -> Table:
    return _figure_table(
        report.methods, _WHERE, caption="Where the maps lie, beside trivial maps"
    )


def _removal_table(report: QualityReport) -> Table:
    table = _figure_table(
        report.methods,
        CURVES,
        caption="Area under tumor_probability while pixels go or come, mean over patients",
    )
    at_random: list[TableCell] = ["random order, mean of five", *report.random_order]
    return Table(
        caption=table.caption,
        columns=table.columns,
        rows=(*table.rows, tuple(at_random)),
    )


def _figure_table(
    methods: Sequence[MethodQuality],
    figures: Sequence[str],
    *,
    caption: str,
    verdict: bool = False,
) -> Table:
    heads = tuple(QUALITY_FIGURES[figure].label for figure in figures)
    return Table(
        caption=caption,
        columns=("Map", *(("Check",) if verdict else ()), *heads),
        rows=tuple(
            (
                _map_name(each),
                *((VERDICT_WORDS[each.verdict],) if verdict else ()),
                *(each.figure(figure) for figure in figures),
            )
            for each in methods
        ),
    )


def _test_tables(report: QualityReport) -> Iterator[Table]:
    for curve in CURVES:
        rows = tuple(
            (
                _words(each.method),
                each.against,
                each.difference,
                _format_p(each.p_value),
                _format_p(each.p_holm),
            )
            for each in report.tests
            if each.curve == curve
        )
        sign = "below" if curve == "deletion" else "above"
        yield Table(
            caption=f"{curve.capitalize()}: map minus reference order; {sign} 0 is good",
            columns=("Map", "Against", "Difference", "p (signed rank)", "p (Holm)"),
            rows=rows,
        )


def _group_table(report: QualityReport, figure: str) -> Table:
    position = LOCALIZATION.index(figure)
    groups = report.methods[0].groups if report.methods else ()
    filled = [place for place, group in enumerate(groups) if group.n_slices]
    empty = [_group_words(group) for group in groups if not group.n_slices]
    rows: list[tuple[TableCell, ...]] = []
    for each in report.methods:
        cells: list[TableCell] = [
            each.groups[place].figures[position] for place in filled
        ]
        rows.append((_map_name(each), *cells))
    heads = tuple(
        f"{_group_words(groups[place])} ({groups[place].n_slices} slices)"
        for place in filled
    )
    none = f"; no slice: {', '.join(empty)}" if empty else ""
    return Table(
        caption=(
            f"{QUALITY_FIGURES[figure].label} by lesion size and by the model's decision"
            f"{none}"
        ),
        columns=("Map", *heads),
        rows=tuple(rows),
    )


def _group_words(group: SliceGroup) -> str:
    return _GROUP_WORDS.get(group.name, group.name)


def _map_name(each: MethodQuality) -> str:
    name = _words(each.method)
    if each.is_trivial:
        return f"{name} (trivial map)"
    return name if each.verdict == "passed" else f"{name} (not to be trusted)"


def _names(methods: Sequence[str]) -> str:
    return ", ".join(_words(each) for each in methods)


def _words(method: str) -> str:
    return method.replace("_", " ")


def _format_p(value: float) -> str:
    if math.isnan(value):
        return "no patient differs"
    return "< 0.0005" if value < _SMALLEST_P else format_number(value)
