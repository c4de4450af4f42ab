"""Finds out which layout a source has, and reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.study import FoundScans
from tumorscope.importers.csv_table import (
    TABLE_SUFFIXES,
    CsvColumns,
    find_tables,
    import_csv,
)
from tumorscope.importers.dicom import find_dicom
from tumorscope.importers.files import shown
from tumorscope.importers.folder import (
    FolderLayout,
    class_folder_names,
    has_class_folders,
    import_folder,
)
from tumorscope.importers.inspection import Imported, Inspection
from tumorscope.importers.lgg import import_lgg, is_lgg
from tumorscope.importers.nifti import find_nifti
from tumorscope.importers.phantom import import_phantom, is_phantom
from tumorscope.importers.scan_kinds import volume_layout
from tumorscope.importers.volumes import AS_SLICES, VolumeOptions, import_volumes
from tumorscope.io.sandbox import Sandbox

Layout = Literal["folder", "csv", "lgg", "phantom", "dicom", "nifti"]
ImporterName = Literal["auto", "folder", "csv", "lgg", "phantom", "dicom", "nifti"]
VOLUME_LAYOUTS = ("dicom", "nifti")


def import_source(
    root: Path,
    inspection: Inspection,
    *,
    importer: ImporterName,
    layout: FolderLayout,
    columns: CsvColumns,
    volumes: VolumeOptions = AS_SLICES,
) -> Imported:
    """Read a source with the importer that fits it.

    Args:
        root: Folder of the source, or its table.
        inspection: How to open the files, and what to do with unusable ones.
        importer: Which importer; "auto" looks at the layout.
        layout: Names of class folders, for the folder importer.
        columns: Which column holds what, for the csv importer.
        volumes: How volumes become slices, for the dicom and nifti importers.

    Returns:
        The manifest, what was left out, and notes.

    Raises:
        ConfigError: If no layout or more than one fits, or an option cannot be used.
        DataError: If the source is missing, or its files cannot be used.
    """
    chosen = detect_layout(root, layout) if importer == "auto" else importer
    if chosen == "csv":
        _refuse_missing(root)
        return import_csv(root, inspection, columns=columns)
    if chosen in VOLUME_LAYOUTS:
        return _import_scans(root, chosen, inspection, volumes)
    _refuse_no_folder(root, chosen)
    if chosen == "folder":
        return import_folder(root, inspection, layout=layout)
    if chosen == "lgg":
        return import_lgg(root, inspection)
    return import_phantom(root, inspection)


def find_scans(
    root: Path, layout: str, sandbox: Sandbox, inspection: Inspection
) -> FoundScans:
    """List the scans of a source of DICOM files or NIfTI volumes.

    Raises:
        DataError: If the source is missing or not to be trusted.
    """
    _refuse_missing(root)
    if layout == "nifti":
        return find_nifti(root, sandbox)
    return find_dicom(
        root, sandbox, workers=inspection.workers, progress=inspection.progress
    )


def _import_scans(
    root: Path, layout: Layout, inspection: Inspection, volumes: VolumeOptions
) -> Imported:
    with Sandbox() as sandbox:
        found = find_scans(root, layout, sandbox, inspection)
        return import_volumes(found, volumes, inspection)


def detect_layout(root: Path, layout: FolderLayout) -> Layout:
    """Return the layout of a source.

    Args:
        root: Folder of the source, or its table.
        layout: Names of class folders beyond those that are recognized.

    Returns:
        The name of the importer that fits.

    Raises:
        ConfigError: If none fits, or both class folders and a table are there.
        DataError: If the source is missing.
    """
    _refuse_missing(root)
    if root.is_file() and root.suffix.lower() in TABLE_SUFFIXES:
        return "csv"
    volumes = volume_layout(root)
    if volumes is not None:
        return volumes
    if root.is_file():
        raise ConfigError(
            f"{root}: is a file; a source is a folder, a .csv or .tsv, a NIfTI volume, "
            "or a DICOM file, DICOMDIR or zip archive"
        )
    if is_phantom(root):
        return "phantom"
    if is_lgg(root):
        return "lgg"
    return _class_folders_or_table(root, layout)


def _class_folders_or_table(root: Path, layout: FolderLayout) -> Layout:
    tables = [path.name for path in find_tables(root)]
    by_folder = has_class_folders(root, layout)
    if by_folder and len(tables) == 1:
        raise ConfigError(
            f"{root}: has both class folders ({shown(class_folder_names(root))}) and the "
            f"table {tables[0]}; say which holds the labels: --importer folder or "
            "--importer csv"
        )
    if by_folder:
        return "folder"
    if len(tables) == 1:
        return "csv"
    raise ConfigError(
        f"{root}: the layout is not recognized. Looked for phantom.csv (a "
        "phantom cohort), for DICOM or NIfTI files, for folders named TCGA_<institution>_<id>_<date> (the LGG "
        "set), for exactly one .csv or .tsv file (found: "
        f"{shown(tables) or 'none'}), and for class folders such as yes and no (found "
        f"folders: {shown(class_folder_names(root)) or 'none'}). Name the class folders "
        "with --positive NAME and --negative NAME, or write a table with the columns "
        "image and label"
    )


def _refuse_missing(root: Path) -> None:
    if not root.exists():
        raise DataError(f"{root}: no such file or folder; check the path of the source")


def _refuse_no_folder(root: Path, importer: Layout) -> None:
    _refuse_missing(root)
    if not root.is_dir():
        raise ConfigError(f"{root}: is a file; the importer {importer} needs a folder")
