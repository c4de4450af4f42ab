"""Which columns patients are grouped by, and how a text names them.

A text is a column of the manifest (`site`), a column cut into bands (`age_years:40,60`, open
below and closed above), or several of them crossed (`sex-x-site`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.manifest_columns import COLUMNS

CROSSED = "-x-"
LABEL_CROSSED = "label-x-"
"""Starts the text of training groups that tell tumor slices from others."""
NOT_PATIENTS = ("image", "frame", "label", "patient_id", "mask", "pixel_digest")
"""Columns that name or label a slice or a person: no group of persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupColumn:
    """One column, as it is or cut into bands.

    Attributes:
        column: Name of a column of the manifest.
        edges: Rising upper ends of all bands but the last; empty where values are groups.

    Raises:
        ConfigError: If the manifest has no such column, or the edges do not rise.
    """

    column: str
    edges: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no manifest could answer."""
        if self.column not in COLUMNS or self.column in NOT_PATIENTS:
            known = sorted(set(COLUMNS) - set(NOT_PATIENTS))
            raise ConfigError(
                f"group {self.column!r}: no column of patients; known are {known}"
            )
        rises = all(low < high for low, high in pairwise(self.edges))
        if not rises or not all(math.isfinite(edge) for edge in self.edges):
            raise ConfigError(
                f"group {self.column!r}: edges must rise, e.g. age_years:40,60"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `column` or `column:edge,edge`.

        Raises:
            ConfigError: If the text is neither.
        """
        column, colon, ends = text.strip().partition(":")
        if not colon:
            return cls(column=column)
        try:
            edges = tuple(float(end) for end in ends.split(","))
        except ValueError as error:
            raise ConfigError(
                f"group {text!r}: write column:edge,edge, e.g. age_years:40,60"
            ) from error
        return cls(column=column, edges=edges)


def parse_groups(text: str) -> tuple[GroupColumn, ...]:
    """Read one column, or several crossed by `-x-`.

    Raises:
        ConfigError: If a part is no column, or stands twice.
    """
    columns = tuple(GroupColumn.parse(part) for part in text.split(CROSSED))
    if len({each.column for each in columns}) < len(columns):
        raise ConfigError(f"group {text!r}: a column is crossed with itself")
    return columns


def parse_training_groups(text: str) -> tuple[bool, tuple[GroupColumn, ...]]:
    """Read the groups of a training: as `parse_groups`, or with `label-x-` before it.

    Returns:
        Whether the label is crossed with the columns, and the columns.

    Raises:
        ConfigError: If a part is no column, or stands twice.
    """
    columns = text.removeprefix(LABEL_CROSSED)
    return columns != text, parse_groups(columns)
