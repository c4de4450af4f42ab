"""Small pieces that the sections of a card are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.pages.section import Section, Table


def not_measured(command: str, what: str = "Not measured") -> str:
    """Return the sentence that stands where a command did not run."""
    return f"{what}: run `tumorscope {command}`."


def missing_section(name: str, title: str, command: str) -> Section:
    """Return the section of something that was not measured."""
    return Section(name=name, title=title, sentences=(not_measured(command),))


def figure_table(
    caption: str,
    figures: Iterable[tuple[str, MetricEstimate | None]],
    *,
    head: str = "Figure",
) -> Table | None:
    """Return a table of figures; None where none of them was measured."""
    rows = tuple((label, each) for label, each in figures if each is not None)
    if not rows:
        return None
    return Table(caption=caption, columns=(head, "Value [interval], n"), rows=rows)


def fact_table(caption: str, facts: Mapping[str, str]) -> Table:
    """Return a table of two columns: what, and what it is."""
    return Table(caption=caption, columns=("What", "Is"), rows=tuple(facts.items()))


def present(*tables: Table | None) -> tuple[Table, ...]:
    """Return the tables that there are."""
    return tuple(each for each in tables if each is not None)
