"""Where slices come from, and whether that tells their class, as a section."""

from __future__ import annotations

from tumorscope.audit.sections.tie_table import tie_table, value_table
from tumorscope.audit.source_class import SourceReport
from tumorscope.pages.section import Section, Status, Table


def sources_section(report: SourceReport, *, status: Status, sentence: str) -> Section:
    """Draw how far the label goes with site, scanner, source, folder and format.

    Args:
        report: What was found.
        status: Outcome of the gate.
        sentence: What the gate said.
    """
    tables = [
        tie_table("Where slices come from", report.ties, report.unit),
        *(value_table(tie, report.unit) for tie in report.ties),
        Table(
            caption="Cannot be assessed",
            columns=("Column", "Why"),
            rows=report.not_assessed,
        ),
    ]
    return Section(
        name="sources",
        title="Source and class",
        status=status,
        sentences=(
            sentence,
            "If every healthy slice came from one place and every tumor from another, a "
            "model would learn the place. A balanced accuracy of 1 means that a column "
            "tells the class; 0.5 means that it tells nothing. Values above 0.5 are usual "
            "where patients are few: the p-value says whether chance does as much.",
        ),
        tables=tuple(table for table in tables if table.rows),
        is_folded=status != "failed",
    )
