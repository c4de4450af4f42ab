"""Groups of patients on a card: gaps, each beside what chance alone would show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tumorscope.model_card.blocks import figure_table, not_measured, present
from tumorscope.model_card.figures import JsonObject, figure_at
from tumorscope.model_card.source import CardSource
from tumorscope.pages.numbers import format_number
from tumorscope.pages.section import Section, Table, TableCell

GAPS = {"auroc": "AUROC", "sensitivity_at_t95": "sensitivity at t95"}
"""The figures whose gaps are shown; fairness.html has the others."""
NOT_FAIRNESS = (
    "A gap that chance could show is no sign that groups are treated alike: with few "
    "patients, large gaps stay unseen too."
)


def groups_section(source: CardSource) -> Section:
    """Draw sites, compared groups and lesion sizes."""
    sentences = [_site_words(source)]
    tables = [_sites(source.report)]
    if source.fairness is None:
        sentences.append(
            not_measured("fairness RUN", "Gaps between groups: not measured")
        )
    else:
        report = source.fairness["report"]
        sentences += [NOT_FAIRNESS, *_not_assessed(report)]
        tables += [_gaps(report), _sizes(report)]
    return Section(
        name="groups",
        title="Groups of patients",
        sentences=tuple(each for each in sentences if each),
        tables=present(*tables),
    )


def _site_words(source: CardSource) -> str:
    if source.report is None:
        return not_measured("evaluate RUN", "Sites: not measured")
    reason = source.report["by_site_reason"]
    return f"Sites cannot be assessed: {reason}." if reason else ""


def _sites(report: JsonObject | None) -> Table | None:
    sites = () if report is None else report["by_site"]
    return figure_table(
        "AUROC by site",
        (
            (f"{each['name']} (patients: {each['n_patients']})", _auroc_of(each))
            for each in sites
        ),
        head="Site",
    )


def _auroc_of(site: Mapping[str, Any]) -> Any:
    return figure_at(site, "ranking", "auroc")


def _not_assessed(report: JsonObject) -> Iterator[str]:
    for each in report["attributes"]:
        if each["reason"]:
            yield f"{each['name']} cannot be assessed: {each['reason']}."


def _gaps(report: JsonObject) -> Table | None:
    rows = tuple(
        row
        for attribute in report["attributes"]
        if not attribute["reason"]
        for gap in attribute["gaps"]
        if gap["measure"] in GAPS
        for row in _gap_row(attribute["name"], gap)
    )
    if not rows:
        return None
    return Table(
        caption="Largest gap between groups, beside the gap that chance would show",
        columns=("Group", "Gap", "Highest, lowest", "Null, 95 of 100 below", "p, Holm"),
        rows=rows,
    )


def _gap_row(name: str, gap: JsonObject) -> Iterator[tuple[TableCell, ...]]:
    estimate = figure_at(gap, "estimate")
    if estimate is not None:
        yield (
            f"{name}: {GAPS[gap['measure']]}",
            estimate,
            "none"
            if gap["highest"] == gap["lowest"]
            else f"{gap['highest']}, {gap['lowest']}",
            _number(gap["null_high"]),
            _number(gap["p_holm"]),
        )


def _number(value: float | None) -> str:
    return "not tested" if value is None else format_number(value)


def _sizes(report: JsonObject) -> Table | None:
    return figure_table(
        "Sensitivity at t95 by lesion size (pixels at 256 x 256)",
        (
            (each["name"], figure_at(each, "ranked"))
            for each in report["sizes"]["strata"]
        ),
        head="Lesion",
    )
