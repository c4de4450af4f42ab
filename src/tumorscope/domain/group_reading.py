"""The group of each row of a table, by the columns that a text names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import GroupColumn


def read_column(table: pd.DataFrame, column: GroupColumn) -> pd.Series:
    """Name the group of each row.

    Args:
        table: Rows of a manifest.
        column: Which column, cut into bands or not.

    Returns:
        Shape (rows,), str; null where the column is, with the index of the table.

    Raises:
        ConfigError: If a column of words is to be cut into bands.
    """
    values = table[column.column]
    if not column.edges:
        is_whole = pd.api.types.is_float_dtype(values) and not (values % 1).any()
        return values.astype("Int64" if is_whole else values.dtype).astype("str")
    if not pd.api.types.is_numeric_dtype(values) and values.notna().any():
        raise ConfigError(
            f"group {column.column!r} holds words: only numbers can be cut into bands"
        )
    ends = [-math.inf, *column.edges, math.inf]
    names = [_band(low, high) for low, high in pairwise(ends)]
    numbers = values.astype("float64")
    return pd.cut(numbers, ends, labels=names).astype("str").where(numbers.notna())


def read_groups(table: pd.DataFrame, columns: Sequence[GroupColumn]) -> pd.Series:
    """Name the group of each row, crossed where there are several columns.

    Args:
        table: Rows of a manifest.
        columns: At least one.

    Returns:
        Shape (rows,), str, e.g. "F, above 60"; null where any column is.
    """
    parts = [read_column(table, each) for each in columns]
    named = parts[0]
    for part in parts[1:]:
        named = named + ", " + part
    return named


def _band(low: float, high: float) -> str:
    if math.isinf(low):
        return f"up to {high:g}"
    return f"above {low:g}" if math.isinf(high) else f"above {low:g} to {high:g}"
