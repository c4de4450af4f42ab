"""One folder for each class, as most public sets of slices are distributed.

Layouts: `<class>/<image>`, `<class>/<patient>/<image>`, and either below a folder for each
part of a split that the source made (`train/<class>/...`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.importers.classes import ClassWords
from tumorscope.importers.files import (
    SYSTEM_FILES,
    files_below,
    shown,
    system_files_note,
)
from tumorscope.importers.inspection import Imported, Inspection, inspect
from tumorscope.io.images import is_image_name

PART_NAMES = frozenset(
    {"train", "training", "val", "valid", "validation", "test", "testing"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLayout:
    """Names of the class folders beyond those that are recognized.

    Attributes:
        positive: Folders of slices with a tumor; case makes no difference.
        negative: Folders of slices without a tumor.

    Raises:
        ConfigError: If a name is on both sides.
    """

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a name that is on both sides."""
        _ = self.words

    @property
    def words(self) -> ClassWords:
        """The words that decide the label of a folder."""
        return ClassWords(positive=self.positive, negative=self.negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassFolder:
    path: Path
    part: str | None


def class_folder_names(root: Path) -> list[str]:
    """Return the sorted names of the folders that stand where class folders would."""
    return sorted({folder.path.name for folder in _class_folders(root)})


def has_class_folders(root: Path, layout: FolderLayout) -> bool:
    """Return whether any folder has a name that says its class."""
    return any(
        layout.words.label(name) is not None for name in class_folder_names(root)
    )


def import_folder(
    root: Path, inspection: Inspection, *, layout: FolderLayout
) -> Imported:
    """Read a source with one folder for each class.

    Args:
        root: Folder that holds the class folders, or folders such as `train` above them.
        inspection: How to open the files, and what to do with unusable ones.
        layout: Names of class folders that are not recognized anyway.

    Returns:
        One row for each file; `class_name` is the folder's word, `source_part` the folder
        above it, `patient_id` the folder below it. No file name is taken for a patient.

    Raises:
        ConfigError: If a class folder is unknown, or only one side has images.
        DataError: If images stand outside the class folders, or files and patient
            folders are mixed.
    """
    folders = _class_folders(root)
    if not folders:
        raise ConfigError(
            f"{root}: holds no folders; expected one folder for each class"
        )
    _refuse_mixed_levels(folders, root)
    labels = layout.words.labels(
        (folder.path.name for folder in folders), what="class folders"
    )
    rows = [row for folder in folders for row in _rows(folder, root, labels)]
    _refuse_one_sided(rows, labels, root)
    _refuse_mixture(rows, root)
    table = pd.DataFrame(rows).sort_values("image", ignore_index=True)
    return inspect(table, root=root, inspection=inspection, notes=_notes(table, root))


def _class_folders(root: Path) -> list[_ClassFolder]:
    above = _folders(root)
    parts = [path for path in above if path.name.casefold() in PART_NAMES]
    beside = [_ClassFolder(path=path, part=None) for path in above if path not in parts]
    below = [
        _ClassFolder(path=path, part=part.name)
        for part in parts
        for path in _folders(part)
    ]
    return below + beside


def _refuse_mixed_levels(folders: Sequence[_ClassFolder], root: Path) -> None:
    parts = sorted({folder.part for folder in folders if folder.part is not None})
    others = [folder.path.name for folder in folders if folder.part is None]
    if parts and others:
        raise ConfigError(
            f"{root}: folders of a split ({shown(parts)}) stand beside other folders "
            f"({shown(others)}); move one kind out of the source"
        )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _rows(
    folder: _ClassFolder, root: Path, labels: dict[str, int]
) -> Iterator[dict[str, object]]:
    for path in files_below(folder.path):
        below = path.relative_to(folder.path).parts
        if len(below) > 2:
            raise DataError(
                f"{path.relative_to(root).as_posix()}: nested deeper than "
                "<class>/<patient>/<image>; flatten the folders, or list the images in a "
                "table and use --importer csv"
            )
        yield {
            "image": path.relative_to(root).as_posix(),
            "label": labels[folder.path.name],
            "class_name": folder.path.name,
            "patient_id": below[0] if len(below) == 2 else None,
            "source": "folder",
            "source_part": folder.part,
        }


def _refuse_one_sided(
    rows: Sequence[dict[str, object]], labels: dict[str, int], root: Path
) -> None:
    images = [row for row in rows if is_image_name(Path(str(row["image"])))]
    sides = {row["label"] for row in images}
    if len(sides) == 2:
        return
    found = ", ".join(
        f'"{name}" ({"tumor" if label else "no tumor"}, '
        f"{sum(row['class_name'] == name for row in images)} images)"
        for name, label in labels.items()
    )
    option = "--negative" if sides == {1} else "--positive"
    raise ConfigError(
        f"{root}: class folders of only one side hold images: {found}; add the other "
        f"side, or name its folder: {option} NAME"
    )


def _refuse_mixture(rows: Sequence[dict[str, object]], root: Path) -> None:
    """Refuse images without a patient beside images with one, and loose images."""
    images = [row for row in rows if is_image_name(Path(str(row["image"])))]
    direct = [str(row["image"]) for row in images if row["patient_id"] is None]
    nested = [str(row["image"]) for row in images if row["patient_id"] is not None]
    if direct and nested:
        raise DataError(
            f"{len(direct)} images stand in a class folder itself ({shown(direct)}) and "
            f"{len(nested)} in patient folders below ({shown(nested)}): move every image "
            "into the folder of its patient, or none"
        )
    loose = [name for name in _outside_names(root) if is_image_name(Path(name))]
    if loose:
        raise DataError(
            f"{len(loose)} images stand outside of the class folders: {shown(loose)}; "
            "move them into the folder of their class, or out of the source"
        )


def _outside_names(root: Path) -> list[str]:
    """Return the files beside the class folders, relative to the root."""
    parents = {root} | {folder.path.parent for folder in _class_folders(root)}
    return sorted(
        path.relative_to(root).as_posix()
        for parent in parents
        for path in parent.iterdir()
        if path.is_file() and path.name.casefold() not in SYSTEM_FILES
    )


def _notes(table: pd.DataFrame, root: Path) -> list[str]:
    notes = []
    parts = table["source_part"].dropna().unique()
    if len(parts):
        notes.append(
            f"The source's own split ({', '.join(sorted(parts))}) is kept in source_part "
            "and is not trusted: the slices are split anew."
        )
    patients = table["patient_id"].nunique()
    if patients:
        notes.append(
            f"patient_id is the name of the folder inside the class folder: {patients} "
            "patients."
        )
    notes += system_files_note(root)
    beside = _outside_names(root)
    if beside:
        notes.append(f"Files beside the class folders, not read: {shown(beside)}.")
    return notes
