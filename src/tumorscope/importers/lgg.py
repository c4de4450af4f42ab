"""TCGA lower-grade-glioma segmentation set (Buda et al. 2019, Mazurowski et al. 2017).

Layout: `<patient>/<patient>_<n>.tif` with `<patient>/<patient>_<n>_mask.tif`, and
`data.csv` with demographics as integer codes. A patient folder is named
`TCGA_<institution>_<id>_<date>`. Images CC BY 3.0 (TCIA TCGA-LGG), set CC BY-NC-SA 4.0.

Every patient of this set has a tumour: it measures detection on slices inside tumour
patients, never specificity on healthy people.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.importers.inspection import Imported, Inspection, inspect
from tumorscope.io.images import read_mask

SEQUENCES = "t1,flair,t1c"
NOTES = (
    "Every patient of this set has a tumor: figures measure detection on slices inside "
    "tumor patients, never specificity on healthy people.",
    "A missing sequence is stored as a copy of FLAIR, as the set encodes it.",
    "sex holds the set's own integer codes (data.csv, column gender), whose meaning is "
    "not in the file.",
)
_FOLDER = re.compile(r"TCGA_(?P<site>[A-Z0-9]+)_(?P<id>[A-Z0-9]+)_(?P<date>\d{8})")


def is_lgg(root: Path) -> bool:
    """Return whether a folder has the layout of this set."""
    return any(_FOLDER.fullmatch(path.name) for path in root.iterdir() if path.is_dir())


def import_lgg(root: Path, inspection: Inspection) -> Imported:
    """Read the set as it is distributed.

    Args:
        root: Folder with one folder for each patient, and `data.csv`.
        inspection: How to open the files, and what to do with unusable ones.

    Returns:
        One row for each slice; `label` is 1 where the mask is not empty.

    Raises:
        DataError: If the layout is another one, or a slice lacks its mask.
    """
    folders = sorted(
        path
        for path in root.iterdir()
        if path.is_dir() and _FOLDER.fullmatch(path.name)
    )
    if not folders:
        raise DataError(
            f"{root}: no folder is named TCGA_<institution>_<id>_<date>; is this the "
            "root of the LGG set?"
        )
    demographics = _read_demographics(root / "data.csv")
    rows = [row for folder in folders for row in _patient_rows(folder, root)]
    table = pd.DataFrame(rows).merge(demographics, on="patient", how="left")
    return inspect(
        table.drop(columns="patient"), root=root, inspection=inspection, notes=NOTES
    )


def _patient_rows(folder: Path, root: Path) -> list[dict[str, object]]:
    match = _FOLDER.fullmatch(folder.name)
    assert match is not None  # noqa: S101 - the caller lists matching folders only
    images = sorted(
        (path for path in folder.glob("*.tif") if not path.stem.endswith("_mask")),
        key=_slice_number,
    )
    if not images:
        raise DataError(f"{folder.name}: holds no slices named <patient>_<n>.tif")
    numbers = [_slice_number(path) for path in images]
    if numbers != list(range(1, len(numbers) + 1)):
        raise DataError(
            f"{folder.name}: slices are numbered {numbers[:5]}..., expected 1 to "
            f"{len(numbers)} without a gap"
        )
    return [
        {
            "image": path.relative_to(root).as_posix(),
            "label": _label(path),
            "patient_id": folder.name,
            "patient": f"TCGA_{match['site']}_{match['id']}",
            "slice_index": index,
            "slice_count": len(images),
            "sequences": SEQUENCES,
            "site": match["site"],
            "mask": _mask_path(path).relative_to(root).as_posix(),
            "source": "lgg",
        }
        for index, path in enumerate(images)
    ]


def _label(path: Path) -> int | None:
    mask_path = _mask_path(path)
    if not mask_path.is_file():
        raise DataError(
            f"{path.name}: its mask {mask_path.name} is missing; the label comes from it"
        )
    try:
        return int(read_mask(mask_path).any())
    except UnreadableScanError:
        return None  # the inspection opens the mask again and names it in its list


def _mask_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}_mask{path.suffix}")


def _slice_number(path: Path) -> int:
    tail = path.stem.rsplit("_", 1)[-1]
    if not tail.isdigit():
        raise DataError(f"{path.name}: the name must end with the slice number")
    return int(tail)


def _read_demographics(path: Path) -> pd.DataFrame:
    """Return patient, sex code and age in years; empty where the file is missing."""
    if not path.is_file():
        return pd.DataFrame({"patient": [], "sex": [], "age_years": []}, dtype="str")
    table = pd.read_csv(path)
    needed = ["Patient", "gender", "age_at_initial_pathologic"]
    missing = sorted(set(needed) - set(table.columns))
    if missing:
        raise DataError(f"{path.name}: the columns {missing} are missing")
    codes = table["gender"].astype("Int64").astype("str")
    return pd.DataFrame(
        {
            "patient": table["Patient"],
            "sex": ("code " + codes).where(table["gender"].notna()),
            "age_years": table["age_at_initial_pathologic"].astype("float64"),
        }
    )
