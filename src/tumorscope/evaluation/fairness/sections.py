"""Groups of patients as parts of a page."""

from __future__ import annotations

import math
import re

from tumorscope.evaluation.fairness.encoding import EncodingProbe
from tumorscope.evaluation.fairness.gaps import Gap
from tumorscope.evaluation.fairness.report import (
    AttributeReport,
    FairnessReport,
    Group,
)
from tumorscope.evaluation.fairness.words import (
    FIGURE_WORDS,
    MAIN_GAP,
    NOT_FAIRNESS,
    describe_attribute,
    describe_sizes,
    summarize_report,
)
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_estimate, format_number, format_small
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Status, Table, TableCell

BLANK: Status = "cannot be assessed"
UNTESTED = "not tested"


def fairness_section(report: FairnessReport) -> Section:
    """Return the whole finding as one part of a report."""
    return Section(
        name="fairness",
        title="Groups of patients",
        sentences=summarize_report(report),
        tables=(_gap_table(report), _worst_table(report)),
        plots=(_forest(report),),
        is_folded=True,
    )


def fairness_sections(report: FairnessReport) -> tuple[Section, ...]:
    """Return the parts of a page of its own: the finding, attributes, sizes, probes."""
    attributes = [attribute_section(one) for one in report.attributes]
    first = Section(
        name="gaps",
        title="Gaps between groups",
        sentences=summarize_report(report),
        tables=(_gap_table(report), _worst_table(report)),
        plots=(_forest(report),),
    )
    return (first, *attributes, size_section(report), probe_section(report))


def fairness_limits(report: FairnessReport) -> tuple[Limit, ...]:
    """Return what a reader must know before the numbers."""
    limits = [
        Limit(lead="No gap found is not fairness", text=NOT_FAIRNESS),
        Limit(
            lead=f"{report.n_patients} {report.unit}",
            text=(
                "Intervals and nulls are over patients, never over slices. Groups with "
                f"less than {report.spec.min_patients} patients are listed and not "
                "compared."
            ),
        ),
    ]
    unknown = [one.name for one in report.attributes if one.reason]
    if unknown:
        limits.append(
            Limit(
                lead="Not every group can be assessed",
                text=f"Nothing is said of: {', '.join(unknown)}.",
            )
        )
    return tuple(limits)


def attribute_section(attribute: AttributeReport) -> Section:
    """Return one attribute: who is in its groups, their figures, and the gaps."""
    tables: tuple[Table, ...] = ()
    if attribute.groups:
        tables = (
            Table(
                caption=f"Who is in the groups of {attribute.name}",
                columns=(
                    "Group",
                    "Patients",
                    "Slices",
                    "With tumor",
                    "Share with tumor",
                    "Median lesion, px",
                    "Lesions with a size",
                    "A sequence is a copy of another",
                ),
                rows=tuple(_composition(group) for group in attribute.groups),
            ),
            _figure_table(attribute),
            _attribute_gaps(attribute),
        )
    return Section(
        name=_anchor(attribute.text),
        title=f"By {attribute.name}",
        sentences=describe_attribute(attribute),
        status=BLANK if attribute.reason else "",
        tables=tables,
        is_folded=bool(tables),
    )


def size_section(report: FairnessReport) -> Section:
    """Return sensitivity by lesion size."""
    sizes = report.sizes
    table = Table(
        caption="Sensitivity by lesion size, in pixels at 256 x 256",
        columns=("Lesion", "Tumor slices", "At t95", "At the tuned threshold"),
        rows=tuple(
            (one.name, one.n_slices, one.ranked, one.tuned) for one in sizes.strata
        ),
    )
    return Section(
        name="lesion-size",
        title="By lesion size",
        sentences=(describe_sizes(report),),
        status=BLANK if sizes.reason else "",
        tables=() if sizes.reason else (table,),
    )


def probe_section(report: FairnessReport) -> Section:
    """Return what the network's features tell of a patient's group."""
    name, title = "encoding", "What the features encode"
    if not report.probes:
        return Section(
            name=name,
            title=title,
            sentences=(f"Cannot be assessed: {report.probes_reason}.",),
            status=BLANK,
        )
    sentences = (
        "Boosted trees try to tell the group of a patient they have not seen from the "
        "features that the network computes on slices without tumor; 0.5 is chance. A "
        "model that encodes who or where a patient is can lean on it. The same from plain "
        "intensity statistics of the network's input stands beside: what is in the input "
        "anyway is not the network's doing.",
        "Features of all patients enter, those that the network was trained on too; the "
        "probe itself is always judged on patients it was not fitted on.",
    )
    table = Table(
        caption="One-vs-rest AUROC over patients, mean over groups",
        columns=("Group", "Features", "Patients in each", "AUROC", "p"),
        rows=tuple(_probe_row(one) for one in report.probes),
    )
    return Section(name=name, title=title, sentences=sentences, tables=(table,))


def _gap_table(report: FairnessReport) -> Table:
    rows = [
        _gap_row(one.gap(MAIN_GAP), one.name)
        for one in report.attributes
        if not one.reason
    ]
    rows += [
        _gap_row(one.gap("auroc"), one.name)
        for one in report.attributes
        if not one.reason
    ]
    return Table(
        caption="Largest minus smallest group figure, and what chance would show",
        columns=("Groups", *_GAP_COLUMNS),
        rows=tuple(rows),
    )


_GAP_COLUMNS = (
    "Figure",
    "Gap",
    "Lowest",
    "Highest",
    "Chance, 95 %",
    "p",
    "p, Holm",
)


def _gap_row(gap: Gap, name: str) -> tuple[TableCell, ...]:
    is_blank = bool(gap.estimate.reason)
    return (
        name,
        FIGURE_WORDS[gap.measure],
        gap.estimate,
        gap.lowest or BLANK,
        gap.highest or BLANK,
        BLANK if is_blank else format_number(gap.null_high, 2),
        UNTESTED if math.isnan(gap.p) else format_small(gap.p),
        UNTESTED if math.isnan(gap.p_holm) else format_small(gap.p_holm),
    )


def _attribute_gaps(attribute: AttributeReport) -> Table:
    return Table(
        caption=f"Gaps between the groups of {attribute.name}",
        columns=_GAP_COLUMNS,
        rows=tuple(_gap_row(gap, "")[1:] for gap in attribute.gaps),
    )


def _worst_table(report: FairnessReport) -> Table:
    rows = [
        (f"{one.name}: {group.name}", group.n_patients, group.figures["auroc"])
        for one in report.attributes
        for group in one.groups
        if group.n_patients >= report.spec.min_patients_firm and not one.reason
    ]
    return Table(
        caption=(
            f"AUROC of groups with at least {report.spec.min_patients_firm} patients"
        ),
        columns=("Group", "Patients", "AUROC"),
        rows=(("all slices", report.n_patients, report.overall["auroc"]), *rows),
    )


def _forest(report: FairnessReport) -> Plot:
    """Draw the sensitivity of every compared group."""
    rows = [ForestRow(label="all slices", estimate=report.overall[MAIN_GAP])]
    rows += [
        ForestRow(label=f"{one.name}: {group.name}", estimate=group.figures[MAIN_GAP])
        for one in report.attributes
        for group in one.groups
        if group.is_compared
    ]
    rows[0] = ForestRow(
        label=rows[0].label, estimate=rows[0].estimate, is_reference=True
    )
    figure = FIGURE_WORDS[MAIN_GAP]
    return Plot(
        name="groups-sensitivity",
        title=f"{figure} of each group",
        svg=draw_forest(
            rows,
            axis_label=figure,
            alt=f"{figure} of {len(rows) - 1} groups with intervals over patients",
            name="groups-sensitivity",
        ),
        caption=(
            "Intervals over patients. One cut for all groups: the 0.95 quantile of the "
            "scores of all tumor-free slices."
        ),
        columns=("Group", "Patients", figure),
        rows=tuple(
            (row.label, row.estimate.n_patients, format_estimate(row.estimate))
            for row in rows
        ),
    )


def _composition(group: Group) -> tuple[TableCell, ...]:
    return (
        group.name,
        group.n_patients,
        group.n_slices,
        group.n_tumor_slices,
        format_number(group.prevalence, 2),
        f"{group.median_area_px:.0f}" if group.n_sized else BLANK,
        group.n_sized,
        group.lacks_sequence,
    )


def _figure_table(attribute: AttributeReport) -> Table:
    """Put figures in rows: there are more of them than groups."""
    names = [one.name for one in attribute.groups[0].figures]
    return Table(
        caption=f"Figures of the groups of {attribute.name}",
        columns=("Figure", *(group.name for group in attribute.groups)),
        rows=tuple(
            (FIGURE_WORDS[name], *(group.figures[name] for group in attribute.groups))
            for name in names
        ),
    )


def _probe_row(probe: EncodingProbe) -> tuple[TableCell, ...]:
    sizes = zip(probe.groups, probe.group_sizes, strict=True)
    return (
        probe.attribute,
        probe.features,
        ", ".join(f"{name} {size}" for name, size in sizes) or BLANK,
        probe.auroc,
        BLANK if math.isnan(probe.p) else format_small(probe.p),
    )


def _anchor(text: str) -> str:
    return "by-" + re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
