"""Files of a run: tables, splits and records; each written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.run_record import RunRecord
from tumorscope.domain.split import Split
from tumorscope.io.whole_files import write_text

_SPLIT_FORMAT = 1
ROOT_KEY = b"tumorscope.root"


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest as Parquet that pandas, DuckDB and Spark read as it is.

    A root below the file's own folder is kept relative to it, so that slices which
    belong to a run move with it.
    """
    root, home = manifest.root.resolve(), path.parent.resolve()
    kept = root.relative_to(home) if root.is_relative_to(home) else root
    table = pa.Table.from_pandas(manifest.table, preserve_index=False)
    metadata = dict(table.schema.metadata or {})
    metadata[ROOT_KEY] = str(kept).encode()
    _write_parquet(path, table.replace_schema_metadata(metadata))


def read_manifest(path: Path, *, root: Path | None = None) -> Manifest:
    """Read a manifest.

    Args:
        path: Parquet file.
        root: Folder that its paths start from; None takes the one it was written with,
            relative to the file where it was below it.

    Returns:
        The manifest, validated anew.

    Raises:
        DataError: If the file is missing, damaged or no manifest.
    """
    table = _read_parquet(path)
    kept = (table.schema.metadata or {}).get(ROOT_KEY, b"").decode()
    if root is None and not kept:
        raise DataError(f"{path}: not a manifest that tumorscope wrote: no root folder")
    return Manifest(table=table.to_pandas(), root=root or path.parent / kept)


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions as Parquet."""
    table = pa.Table.from_pandas(predictions.table, preserve_index=False)
    _write_parquet(path, table)


def read_predictions(path: Path) -> Predictions:
    """Read predictions.

    Raises:
        DataError: If the file is missing, damaged or holds something else.
    """
    return Predictions(table=_read_parquet(path).to_pandas())


def write_split(path: Path, split: Split) -> None:
    """Write a split as JSON: the rows and the parts of each group."""
    frame = pd.DataFrame({"group": split.group, "row": np.arange(len(split.group))})
    groups = [
        {
            "group": str(group),
            "rows": rows["row"].tolist(),
            "parts": split.part[rows["row"].iloc[0]].tolist(),
        }
        for group, rows in frame.groupby("group", sort=True)
    ]
    content = {
        "format": _SPLIT_FORMAT,
        "manifest_digest": split.manifest_digest,
        "grouping": split.grouping,
        "seed": split.seed,
        "folds": list(split.fold_names),
        "groups": groups,
    }
    write_text(path, json.dumps(content) + "\n")


def read_split(path: Path, manifest: Manifest) -> Split:
    """Read a split and check it against the manifest's patients.

    Args:
        path: As written by `write_split`.
        manifest: The manifest that it was made for.

    Returns:
        The split; its constructor refuses one that leaks.

    Raises:
        DataError: If the file is damaged or belongs to another manifest.
        LeakageError: If a patient or group stands in two parts.
    """
    content = read_json(path)
    try:
        if content["format"] != _SPLIT_FORMAT:
            raise DataError(f"{path}: split format {content['format']} is not known")
        if content["manifest_digest"] != manifest.digest:
            raise DataError(
                f"{path}: belongs to another manifest; run `tumorscope prepare` again"
            )
        names = tuple(content["folds"])
        group = np.full(len(manifest), None, dtype=object)
        part = np.full((len(manifest), len(names)), "", dtype=object)
        for entry in content["groups"]:
            group[entry["rows"]] = entry["group"]
            part[entry["rows"]] = entry["parts"]
        grouping, seed = content["grouping"], content["seed"]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise DataError(f"{path}: damaged split: {error!r}") from error
    patient = manifest.table["patient_id"]
    return Split(
        manifest_digest=manifest.digest,
        grouping=grouping,
        patient_id=patient.astype(object).where(patient.notna(), None).to_numpy(),
        group=group,
        part=part,
        fold_names=names,
        seed=seed,
    )


def split_digest(path: Path) -> str:
    """Return the SHA-256 of a split file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        DataError: If the file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: damaged JSON: {error}") from error


def write_record(path: Path, record: RunRecord) -> None:
    """Write `run.json`."""
    write_text(path, record.model_dump_json(indent=1) + "\n")


def read_record(path: Path) -> RunRecord:
    """Read `run.json`.

    Raises:
        ConfigError: If the folder is no run.
        DataError: If the file is damaged.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path.parent}: not a run folder (no {path.name}); make one with "
            "`tumorscope prepare SOURCE --out FOLDER`"
        )
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, OSError) as error:
        raise DataError(f"{path}: damaged run record: {error}") from error


def _write_parquet(path: Path, table: pa.Table) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    pq.write_table(table, partial)
    partial.replace(path)


def _read_parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: no readable Parquet file: {error}") from error
