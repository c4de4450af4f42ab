"""A plot of the page: a picture, words for it, and a table of its numbers."""

from __future__ import annotations

from dataclasses import dataclass

Cell = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One figure of the page.

    Attributes:
        name: Its anchor.
        title: Heading.
        svg: The drawn `<svg>` element, which carries its alternative text.
        caption: What to look at.
        columns: Head of the table of its numbers.
        rows: The numbers.
    """

    name: str
    title: str
    svg: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
