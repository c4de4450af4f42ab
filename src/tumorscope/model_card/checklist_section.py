"""A filled checklist as a section: answered items first, open ones apart."""

from __future__ import annotations

from tumorscope.model_card.blocks import present
from tumorscope.model_card.checklist import FilledChecklist, Status
from tumorscope.pages.section import Section, Table

_CAPTIONS: dict[Status, str] = {
    "answered": "answered from the run",
    "partly answered": "answered in part: the authors add the rest",
    "unanswered": "unanswered: for the authors",
}


def checklist_section(filled: FilledChecklist) -> Section:
    """Draw a filled checklist, with its counts."""
    checklist = filled.checklist
    return Section(
        name=checklist.key.replace("_", "-"),
        title=f"Checklist {checklist.title}",
        sentences=(
            filled.summary,
            "An answered item says what this run holds, not that it is good. Items are "
            "paraphrased; the published text decides.",
            f"{checklist.citation} {checklist.checked}",
        ),
        tables=present(*(_table(filled, status) for status in _CAPTIONS)),
    )


def _table(filled: FilledChecklist, status: Status) -> Table | None:
    pairs = zip(filled.checklist.items, filled.answers, strict=True)
    rows = tuple(
        (item.number, item.section, item.text, answer.text, answer.place)
        for item, answer in pairs
        if answer.status == status
    )
    if not rows:
        return None
    has_place = status != "unanswered"
    columns = ("Item", "Section", "Asks for", "Answer", "Where")
    return Table(
        caption=f"{filled.checklist.title}: {_CAPTIONS[status]}",
        columns=columns if has_place else columns[:-1],
        rows=rows if has_place else tuple(row[:-1] for row in rows),
    )
