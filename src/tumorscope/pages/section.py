"""One part of a page: what was found, in words, tables, plots and pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.pages.limit import Limit
from tumorscope.pages.picture import Picture
from tumorscope.pages.plot import Plot

Status = Literal["", "passed", "failed", "waived", "warning", "cannot be assessed"]
TableCell = str | int | float | MetricEstimate
_ANCHOR = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a page.

    Attributes:
        caption: What it holds; shown above it.
        columns: Its head.
        rows: Text, counts, numbers, or estimates with their intervals; the first cell
            names the row.

    Raises:
        DataError: If a row has another length than the head.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse a row that would slip under the wrong heading."""
        for row in self.rows:
            if len(row) != len(self.columns):
                raise DataError(
                    f"table {self.caption!r}: a row has {len(row)} cells, but there are "
                    f"{len(self.columns)} columns {list(self.columns)}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a page.

    Attributes:
        name: Its anchor: small letters, digits and hyphens.
        title: Heading.
        sentences: What was found, one paragraph each, for a clinician to read.
        status: Outcome of a gate; empty where nothing is judged.
        limits: What a reader must know before the numbers; the page may show them first.
        tables: Numbers.
        plots: Figures, each with its own table.
        pictures: Images.
        is_folded: Whether tables, plots and pictures wait behind a click.

    Raises:
        DataError: If the name is no anchor.
    """

    name: str
    title: str
    sentences: tuple[str, ...]
    status: Status = ""
    limits: tuple[Limit, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    pictures: tuple[Picture, ...] = ()
    is_folded: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that cannot be linked to."""
        if not _ANCHOR.fullmatch(self.name):
            raise DataError(
                f"section name {self.name!r}: use small letters, digits and hyphens"
            )
