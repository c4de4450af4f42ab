"""The phantom cohort, as `tumorscope phantom` writes it.

Layout: `phantom.csv` with a row for each slice, `<patient>/<patient>_<k>.png` with
`<patient>/<patient>_<k>_mask.png`. Planted faults stand in `phantom.json`, which is not
read here: an audit has to find them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import DataError
from tumorscope.importers.inspection import Imported, Inspection, inspect

TABLE_NAME = "phantom.csv"
TRUTH_NAME = "phantom.json"
SEQUENCES = "t1,flair,t1c"
NOTES = (
    "Phantom scans: synthetic heads made from the MNI152 tissue maps. Figures measure "
    "the software and say nothing about real patients.",
)
COLUMNS = (
    "image",
    "label",
    "patient_id",
    "slice_index",
    "slice_count",
    "site",
    "scanner",
    "sex",
    "age_years",
    "mask",
)
_CLASS_NAMES = {0: "no_tumor", 1: "tumor"}


def is_phantom(root: Path) -> bool:
    """Return whether a folder holds a phantom cohort."""
    return (root / TABLE_NAME).is_file()


def import_phantom(root: Path, inspection: Inspection) -> Imported:
    """Read a phantom cohort.

    Args:
        root: Folder that `tumorscope phantom` wrote.
        inspection: How to open the files, and what to do with unusable ones.

    Returns:
        One row for each slice; `label` is 1 where the mask is not empty.

    Raises:
        DataError: If the table or the planted truth is missing, unreadable, or lacks
            something.
    """
    path = root / TABLE_NAME
    if not path.is_file():
        raise DataError(
            f"{root}: {TABLE_NAME} is missing; is this the folder that "
            "`tumorscope phantom` wrote?"
        )
    table = _read_table(path)
    # Persons of two cohorts are others, though both count from P0001.
    table["patient_id"] = f"seed{_read_seed(root)}-" + table["patient_id"]
    table["class_name"] = table["label"].map(_CLASS_NAMES)
    table["sequences"] = SEQUENCES
    table["source"] = "phantom"
    return inspect(table, root=root, inspection=inspection, notes=NOTES)


def _read_seed(root: Path) -> int:
    path = root / TRUTH_NAME
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["spec"]["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path.name}: the cohort's seed cannot be read ({error!r}); make the "
            "cohort again"
        ) from error


def _read_table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"patient_id": "str", "site": "str"})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        raise DataError(f"{path.name}: not a readable table: {error}") from error
    missing = sorted(set(COLUMNS) - set(table.columns))
    if missing:
        raise DataError(
            f"{path.name}: the columns {missing} are missing; make the cohort again"
        )
    return table[list(COLUMNS)]
