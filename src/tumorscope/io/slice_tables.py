"""Tables with a row for each slice that a later stage reads again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tumorscope.domain.errors import DataError


def read_slice_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read some columns of a Parquet file.

    Args:
        path: The file.
        columns: Columns that are needed.

    Returns:
        These columns, in this order.

    Raises:
        DataError: If the file is missing or damaged, or lacks a column.
    """
    try:
        found = pq.read_table(path).to_pandas()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: no readable Parquet file: {error}") from error
    missing = [name for name in columns if name not in found]
    if missing:
        raise DataError(f"{path}: lacks the columns {missing}; make it again")
    return found[list(columns)]


def write_slice_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table with a row for each slice as Parquet, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), partial)
    partial.replace(path)
