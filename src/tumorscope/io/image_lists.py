"""Tables that list image files: a manifest, or any table with a column of paths."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tumorscope.domain.errors import DataError
from tumorscope.io.artifacts import ROOT_KEY, read_manifest
from tumorscope.io.scan_files import ScanFile

PATH_COLUMNS = ("image", "path", "filename", "file")
"""Names of the column of paths, the first that is there."""


def listed_images(table: Path) -> list[ScanFile]:
    """Return the files that a table lists, in its order.

    Args:
        table: A manifest, another Parquet file, or a CSV file. Paths start from the
            manifest's root, else from the table's folder.

    Returns:
        One entry for each row, whether the file is there or not.

    Raises:
        DataError: If the table cannot be read, has no column of paths, or is a manifest
            of frames in multi-frame files.
    """
    root, names = _read_csv(table) if _is_csv(table) else _read_parquet(table)
    return [ScanFile(path=root / name, name=name) for name in names]


def _is_csv(table: Path) -> bool:
    return table.suffix.lower() == ".csv"


def _read_csv(table: Path) -> tuple[Path, list[str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            column = _path_column(table, list(rows.fieldnames or ()))
            return table.parent, [row[column] or "" for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table}: no readable CSV file: {error}") from error


def _read_parquet(table: Path) -> tuple[Path, list[str]]:
    try:
        schema = pq.read_schema(table)
        if ROOT_KEY in (schema.metadata or {}):
            manifest = read_manifest(table)
            if manifest.table["frame"].notna().any():
                raise DataError(
                    f"{table}: lists frames of multi-frame files; name the folder of the "
                    "files instead"
                )
            return manifest.root, [str(one) for one in manifest.table["image"]]
        column = _path_column(table, schema.names)
        names = pq.read_table(table, columns=[column])[column].to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{table}: no readable Parquet file: {error}") from error
    return table.parent, [str(one or "") for one in names]


def _path_column(table: Path, columns: list[str]) -> str:
    for name in PATH_COLUMNS:
        if name in columns:
            return name
    raise DataError(
        f"{table}: has no column of paths; name it one of {', '.join(PATH_COLUMNS)}"
    )
