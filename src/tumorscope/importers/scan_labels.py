"""Labels of scans from a table: for patients, studies, series or single slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import DataError
from tumorscope.importers.classes import ClassWords

KEYS = ("patient_id", "study_id", "series_id", "slice_index")
LABEL = "label"
_NUMBERS = {"1": 1, "1.0": 1, "0": 0, "0.0": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLabels:
    """What a table says of scans.

    Attributes:
        keys: Columns that name what a row is about, in the order of `KEYS`.
        labels: From the texts of these columns to 0 or 1.
    """

    keys: tuple[str, ...]
    labels: Mapping[tuple[str, ...], int]

    @property
    def is_of_slices(self) -> bool:
        """Whether single slices are labeled, and not whole scans."""
        return "slice_index" in self.keys

    def key_of(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return what the table would call a slice."""
        return tuple(str(row[key]) for key in self.keys)


def read_scan_labels(path: Path, words: ClassWords) -> ScanLabels:
    """Read a table of labels.

    Args:
        path: CSV or TSV file with `label` and at least one of `KEYS`; further columns
            are passed over. `slice_index` counts from 0, the lowest slice.
        words: Which labels mean a tumor, beyond 1 and 0.

    Raises:
        DataError: If it cannot be read, lacks columns, names one thing twice, or holds a
            label that is not known.
    """
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        table = pd.read_csv(path, sep=separator, dtype="str", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name}: not a readable table of labels") from error
    keys = tuple(key for key in KEYS if key in table.columns)
    if LABEL not in table.columns or not set(keys) - {"slice_index"}:
        raise DataError(
            f"{path.name}: needs the column label, and patient_id, study_id or series_id"
        )
    names = list(table[list(keys)].itertuples(index=False, name=None))
    if len(set(names)) < len(names):
        raise DataError(f"{path.name}: some rows name the same {', '.join(keys)}")
    found = [_label(value, words) for value in table[LABEL]]
    unknown = sorted(
        {str(v) for v, one in zip(table[LABEL], found, strict=True) if one is None}
    )
    if unknown:
        raise DataError(
            f"{path.name}: labels that are not recognized: {unknown[:10]}; use 1 and 0, "
            "or --positive and --negative"
        )
    labels = dict(zip(names, (int(one or 0) for one in found), strict=True))
    return ScanLabels(keys=keys, labels=labels)


def _label(value: str, words: ClassWords) -> int | None:
    plain = value.strip()
    return _NUMBERS.get(plain, words.label(plain))
