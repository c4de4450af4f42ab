"""The manifest: one table, a row for each slice.

Columns that a source does not know are null, never guessed. Paths are relative to `root`,
so that a cohort can be moved; the digest covers the table and not where it lies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.manifest_columns import COLUMNS

ADDED_LATER = ("spacing_mm", "slice_position_mm", "orientation")
"""Left out of the digest where they are empty, so that older runs keep theirs."""
REQUIRED = ("image", "source")
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A cohort: its table and the folder that the table's paths start from.

    Attributes:
        table: One row for each slice with exactly the columns of `COLUMNS`. Missing
            columns are added as nulls; unknown ones are refused.
        root: Folder that `image` and `mask` are relative to.

    Raises:
        DataError: If rows repeat, a label is neither 0 nor 1, a path is absolute or
            leaves the root, or a number is out of its range.
        ConfigError: If the table has a column that the manifest does not know.
    """

    table: pd.DataFrame
    root: Path
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Bring columns and dtypes into order, then refuse what cannot be true."""
        table = _with_all_columns(self.table)
        _check_rows(table)
        _check_ranges(table)
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "digest", _digest(table))

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.table)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (slices,), 0 or 1.

        Raises:
            DataError: If any label is unknown.
        """
        unknown = int(self.table["label"].isna().sum())
        if unknown:
            raise DataError(
                f"{unknown} of {len(self)} slices have no label: label them, or use "
                "them for prediction only"
            )
        return self.table["label"].to_numpy(dtype=np.int64)

    @property
    def has_patients(self) -> bool:
        """Whether every slice has a patient id."""
        return bool(self.table["patient_id"].notna().all())

    @property
    def sequences(self) -> tuple[str, ...]:
        """Names of the channels, shared by all slices; empty where unknown.

        Raises:
            DataError: If slices differ in their sequences.
        """
        known = self.table["sequences"].dropna().unique()
        if len(known) > 1:
            raise DataError(
                f"slices with different sequences: {sorted(known)}; import one kind "
                "at a time"
            )
        return tuple(known[0].split(",")) if len(known) else ()

    def image_path(self, row: int) -> Path:
        """Return the path of one slice's file."""
        return self.root / str(self.table["image"].iat[row])

    def mask_path(self, row: int) -> Path | None:
        """Return the path of one slice's lesion mask, or None where there is none."""
        value: Any = self.table["mask"].iat[row]
        return None if pd.isna(value) else self.root / str(value)

    def subset(self, rows: Sequence[int] | NDArray[np.int64]) -> Manifest:
        """Return a manifest of these rows, in this order."""
        return Manifest(
            table=self.table.iloc[list(rows)].reset_index(drop=True), root=self.root
        )


def _with_all_columns(table: pd.DataFrame) -> pd.DataFrame:
    unknown = sorted(set(table.columns) - set(COLUMNS))
    if unknown:
        raise ConfigError(
            f"unknown manifest columns {unknown}: known are {list(COLUMNS)}; rename "
            "them or leave them out"
        )
    missing = [
        name for name in REQUIRED if name not in table or table[name].isna().any()
    ]
    if missing or table.empty:
        raise DataError(
            f"a manifest needs rows and a value in {missing or list(REQUIRED)} for each"
        )
    columns: dict[str, Any] = {}
    for name, dtype in COLUMNS.items():
        values: Any = table[name] if name in table else pd.Series([None] * len(table))
        try:
            columns[name] = values.astype(dtype).array
        except (TypeError, ValueError) as error:
            raise DataError(f"column {name!r} must hold {dtype}: {error}") from error
    return pd.DataFrame(columns)


def _check_rows(table: pd.DataFrame) -> None:
    keys = table[["image", "frame"]]
    repeated = keys.duplicated(keep=False)
    if repeated.any():
        slices = table[repeated].groupby(["image", "frame"], dropna=False)
        labels = slices["label"].nunique(dropna=False)
        torn = sorted(set(labels[labels > 1].index.get_level_values("image")))
        if torn:
            raise DataError(
                f"contradicting labels for {len(torn)} images: {_shown(torn)}; decide "
                "which label holds and remove the other rows"
            )
        names = sorted(table.loc[repeated, "image"].unique())
        raise DataError(
            f"duplicate rows for {len(names)} images: {_shown(names)}; list each once"
        )
    for name in ("image", "mask"):
        paths = table[name].dropna()
        outside = [path for path in paths if _leaves_root(path)]
        if outside:
            raise DataError(
                f"{len(outside)} paths in column {name!r} lead outside the source: "
                f"{_shown(outside)}; use paths below the source folder"
            )


def _leaves_root(path: str) -> bool:
    pure = PurePosixPath(path)
    windows_drive = re.match(r"^[A-Za-z]:|^\\", path)
    return pure.is_absolute() or ".." in pure.parts or windows_drive is not None


def _check_ranges(table: pd.DataFrame) -> None:
    index, count = table["slice_index"], table["slice_count"]
    checks = {
        "label must be 0 or 1": ~table["label"].dropna().isin([0, 1]),
        "frame must not be negative": table["frame"].dropna() < 0,
        "slice_index must be from 0 to slice_count - 1": (
            (index < 0) | (index >= count)
        ).fillna(value=False),
        "age_years must be from 0 to 130": ~table["age_years"].dropna().between(0, 130),
    }
    for promise, broken in checks.items():
        rows = broken[broken].index
        if len(rows):
            names = table.loc[rows, "image"].tolist()
            raise DataError(f"{promise}: {len(names)} rows differ: {_shown(names)}")


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(str(name) for name in names[:MAX_SHOWN]) + more


def _digest(table: pd.DataFrame) -> str:
    empty = [name for name in ADDED_LATER if table[name].isna().all()]
    text = table.drop(columns=empty).to_csv(
        index=False, na_rep="\x00", lineterminator="\n"
    )
    return hashlib.sha256(text.encode()).hexdigest()
