"""A page of sections as Markdown: the same values as the HTML page, for a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.pages.numbers import format_count, format_estimate, format_number
from tumorscope.pages.page import PageHead
from tumorscope.pages.section import Section, Table, TableCell

_SPACE = re.compile(r"[\s\x00-\x1f]+")


def render_markdown(head: PageHead, sections: Sequence[Section]) -> str:
    """Lay out sections as Markdown. Plots and pictures stay in the HTML page.

    Args:
        head: What stands above them; its limits are the first paragraphs.
        sections: In the order of the page.

    Returns:
        The document. Text of users and files cannot open a tag or break a table.
    """
    blocks = [f"# {plain(head.title)}"]
    blocks += [f"**{plain(each.lead)}.** {plain(each.text)}" for each in head.limits]
    blocks += [
        f"**{RESEARCH_USE}**",
        f"{plain(head.lede)}. Written on {head.created} by tumorscope {head.version}.",
    ]
    blocks += [block for section in sections for block in _blocks_of(section)]
    return "\n\n".join(blocks) + "\n"


def plain(text: str) -> str:
    """Return text on one line that opens no tag and closes no cell."""
    line = _SPACE.sub(" ", text).strip()
    return line.replace("<", "&lt;").replace("|", "\\|")


def _blocks_of(section: Section) -> Iterator[str]:
    status = f" ({section.status})" if section.status else ""
    yield f"## {plain(section.title)}{status}"
    for sentence in section.sentences:
        yield plain(sentence)
    for table in section.tables:
        yield f"### {plain(table.caption)}"
        yield _table(table)


def _table(table: Table) -> str:
    lines = [_row(table.columns), _row(["---"] * len(table.columns))]
    lines += [_row([_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(plain(cell) if cell != '---' else cell for cell in cells)} |"


def _cell(cell: TableCell) -> str:
    if isinstance(cell, MetricEstimate):
        # "patients within site": how patients are drawn is told in words, not in each cell.
        unit = cell.resampled.partition(" within ")[0]
        counts = f"{cell.n_slices} slices, {cell.n_patients} {unit}"
        text = format_estimate(cell)
        return text if cell.reason else f"{text}; n = {counts}"
    if isinstance(cell, float):
        return format_number(cell)
    return format_count(cell) if isinstance(cell, int) else cell
