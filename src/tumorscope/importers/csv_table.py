"""A table (CSV or TSV) with a row for each image, beside the images it names.

The table that comes with the Kaggle set `jakeshbohaju/brain-tumor` (3,762 slices) is read
as it lies: its names lack the ending in all rows but one, and its 13 texture columns are
left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.manifest_columns import COLUMNS
from tumorscope.importers.classes import ClassWords
from tumorscope.importers.file_names import FileNames
from tumorscope.importers.files import files_below, shown, system_files_note
from tumorscope.importers.inspection import Imported, Inspection, inspect

TABLE_SUFFIXES = frozenset({".csv", ".tsv"})
PATH_COLUMNS = ("image", "path", "filename", "file")
LABEL_COLUMNS = ("label", "class", "target")
TEXTURE_COLUMNS = frozenset(
    {"Mean", "Variance", "Standard Deviation", "Entropy", "Skewness", "Kurtosis"}
    | {"Contrast", "Energy", "ASM", "Homogeneity", "Dissimilarity", "Correlation"}
    | {"Coarseness"}
)
"""Of `Brain Tumor.csv` in the Kaggle set `jakeshbohaju/brain-tumor`."""
TEXTURE_NOTES = (
    "The 13 texture columns of the table are left out: they do not reproduce from the "
    "images, and one of them alone predicts the label (AUROC 0.99), so a model that used "
    "them could not be used on a new scan.",
    "Every patient behind this set has a tumor: figures measure detection on slices, "
    "never specificity on healthy people.",
)
_NUMBER_LABELS = {"1": 1, "1.0": 1, "0": 0, "0.0": 0}
_MEASURED = frozenset({"pixel_digest", "height_px", "width_px"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumns:
    """How the columns of a table are to be read.

    Attributes:
        path: Column with the image names; None to recognize it.
        label: Column with the labels; None to recognize it.
        positive: Labels that mean a tumor, beyond 1 and the recognized words.
        negative: Labels that mean none, beyond 0 and the recognized words.
        rename: Manifest column for a column of the table, e.g. subject -> patient_id.
        ignore: Columns that are left out.

    Raises:
        ConfigError: If a label is on both sides, or a column is renamed to one that the
            manifest does not know or that the import measures itself.
    """

    path: str | None = None
    label: str | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns that cannot be, and labels on both sides."""
        _ = self.words
        usable = [name for name in COLUMNS if name not in _MEASURED]
        wrong = sorted(set(self.rename.values()) - set(usable))
        if wrong:
            raise ConfigError(f"--column: {wrong} cannot be filled; known are {usable}")

    @property
    def words(self) -> ClassWords:
        """The words that decide a label."""
        return ClassWords(positive=self.positive, negative=self.negative)


def find_tables(root: Path) -> list[Path]:
    """Return the CSV and TSV files of a folder, not of its subfolders."""
    return sorted(
        path
        for path in root.iterdir()
        if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES
    )


def import_csv(
    table_path: Path, inspection: Inspection, *, columns: CsvColumns
) -> Imported:
    """Read the images that a table names.

    Names are looked up in the table's folder and its subfolders, regardless of case, and
    without their ending where the table leaves it out.

    Args:
        table_path: CSV or TSV file, or a folder that holds exactly one.
        inspection: How to open the files, and what to do with unusable ones.
        columns: Which column holds what.

    Returns:
        One row for each row of the table; its folder is the root of the manifest. An
        empty label is unknown. `class_name` is the label where it is a word.

    Raises:
        ConfigError: If columns or labels are not known.
        DataError: If the table cannot be read, or its rows and the image files beside it
            do not match one to one.
    """
    table_path = _the_table(table_path)
    root = table_path.parent
    raw = _read_table(table_path)
    notes: list[str] = []
    if set(raw.columns) >= TEXTURE_COLUMNS:
        raw = raw.drop(columns=sorted(TEXTURE_COLUMNS))
        notes += TEXTURE_NOTES
    table = _to_manifest_columns(raw, columns)
    table = _with_labels(table, columns.words)
    table = _with_numbers(table)
    if "source" not in table:
        table["source"] = "csv"
    # Refuses empty, repeated and outside names before any file is looked for.
    Manifest(table=table, root=root)
    table = _with_found_files(table, root)
    return inspect(
        table,
        root=root,
        inspection=inspection,
        notes=[*notes, *_label_note(table), *system_files_note(root)],
    )


def _the_table(path: Path) -> Path:
    if not path.is_dir():
        return path
    tables = find_tables(path)
    if len(tables) != 1:
        names = shown([table.name for table in tables]) or "none"
        raise ConfigError(
            f"{path}: expected exactly one .csv or .tsv file, found {len(tables)} "
            f"({names}); give the path of the table itself"
        )
    return tables[0]


def _read_table(path: Path) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # Rows longer than the head: pandas would drop what is beyond it.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=_separator(path),
                dtype="str",
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=[""],
                index_col=False,
            )
    except OSError as error:
        raise DataError(f"{path}: cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except (ValueError, pd.errors.ParserWarning) as error:
        raise DataError(f"{path}: is not a table: {str(error).strip()}") from error
    if table.empty:
        raise DataError(f"{path}: has no rows; it needs one for each image")
    table.columns = table.columns.str.strip()
    return table.apply(_stripped)


def _stripped(values: pd.Series) -> pd.Series:
    bare = values.astype("str").str.strip()
    return bare.where(bare != "")


def _separator(path: Path) -> str:
    """Return the tab for TSV; the semicolon where the head of a CSV has no comma."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding="utf-8-sig") as lines:
        head = lines.readline()
    return ";" if ";" in head and "," not in head else ","


def _to_manifest_columns(raw: pd.DataFrame, columns: CsvColumns) -> pd.DataFrame:
    named = {columns.path: "image", columns.label: "label"}
    chosen = dict(columns.rename) | {
        theirs: ours for theirs, ours in named.items() if theirs is not None
    }
    absent = sorted({*chosen, *columns.ignore} - set(raw.columns))
    if absent:
        raise ConfigError(
            f"columns {absent} are not in the table; it has {list(raw.columns)}"
        )
    table = raw.drop(columns=list(columns.ignore))
    names = {"image": PATH_COLUMNS, "label": LABEL_COLUMNS}
    for target, recognized in names.items():
        if target not in chosen.values():
            chosen[_recognize(table, target, recognized, set(chosen))] = target
    table = table.rename(columns=chosen)
    repeated = sorted(set(table.columns[table.columns.duplicated()]))
    if repeated:
        raise ConfigError(
            f"two columns of the table stand for {repeated}: leave one out with "
            "--ignore-column NAME"
        )
    _refuse_unknown(table)
    return table.drop(columns=sorted(_MEASURED & set(table.columns)))


def _recognize(
    table: pd.DataFrame, target: str, recognized: Sequence[str], taken: set[str]
) -> str:
    found = [
        name
        for name in table.columns
        if name.casefold() in recognized and name not in taken
    ]
    if len(found) == 1:
        return str(found[0])
    state = f"several could be: {found}" if found else f"none is named {recognized}"
    raise ConfigError(
        f"which column holds the {target}? Of {list(table.columns)} {state}; say it: "
        f"--column NAME={target}" + (", and --ignore-column OTHER" if found else "")
    )


def _refuse_unknown(table: pd.DataFrame) -> None:
    unknown = [name for name in table.columns if name not in COLUMNS]
    if unknown:
        raise ConfigError(
            f"unknown columns {unknown}: name for each the manifest column that it fills "
            f'(--column "{unknown[0]}=patient_id"), or leave it out (--ignore-column '
            f'"{unknown[0]}"); manifest columns are {list(COLUMNS)}'
        )


def _with_labels(table: pd.DataFrame, words: ClassWords) -> pd.DataFrame:
    written = table["label"]
    own = set(words.positive) | set(words.negative)
    numbers = {word: label for word, label in _NUMBER_LABELS.items() if word not in own}
    others = written.dropna()[~written.dropna().isin(list(numbers))]
    labels = words.labels(others.unique(), what="labels") | numbers
    table = table.assign(label=written.map(labels).astype("Int64"))
    if "class_name" not in table and len(others):
        table["class_name"] = others.reindex(table.index)
    return table


def _with_numbers(table: pd.DataFrame) -> pd.DataFrame:
    for name in table.columns.intersection(
        [column for column, dtype in COLUMNS.items() if dtype != "str"]
    ):
        try:
            table[name] = pd.to_numeric(table[name])
        except ValueError as error:
            raise DataError(f"column {name!r} must hold numbers: {error}") from error
    return table


def _with_found_files(table: pd.DataFrame, root: Path) -> pd.DataFrame:
    names = FileNames(
        paths=tuple(path.relative_to(root).as_posix() for path in files_below(root))
    )
    images = names.find_all(table["image"].tolist(), what="images")
    table = table.assign(image=images)
    used = set(images)
    if "mask" in table:
        given = table["mask"].dropna()
        masks = names.find_all(given.tolist(), what="masks")
        table["mask"] = pd.Series(masks, index=given.index, dtype="str")
        used |= set(masks)
    without_row = names.images_besides(used)
    if without_row:
        raise DataError(
            f"{len(without_row)} image files have no row in the table: "
            f"{shown(without_row)}; add their rows, or move them out of the source"
        )
    return table


def _label_note(table: pd.DataFrame) -> list[str]:
    unknown = int(table["label"].isna().sum())
    return [f"Rows without a label: {unknown} of {len(table)}."] if unknown else []
