"""Source -> manifest, split and pixel store: a run that can be trained."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.near_duplicates import (
    Fingerprint,
    find_near_duplicates,
    fingerprint,
    link_groups,
)
from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.run_record import LeftOut, RunRecord
from tumorscope.domain.specs import DuplicateSpec, RunSpec
from tumorscope.domain.split import PARTS, Split
from tumorscope.importers.csv_table import CsvColumns
from tumorscope.importers.detection import ImporterName, import_source
from tumorscope.importers.folder import FolderLayout
from tumorscope.importers.inspection import Imported, Inspection
from tumorscope.importers.volumes import VolumeOptions
from tumorscope.io.artifacts import write_manifest, write_record, write_split
from tumorscope.io.images import read_image
from tumorscope.splitting import split_cohort
from tumorscope.workflows.pseudo_patients import (
    group_by_head,
    split_by_head,
    wants_pseudo_patients,
)
from tumorscope.workflows.recording import RECORD, recorded_stage
from tumorscope.workflows.run_folder import MANIFEST, SLICES, SPLIT, Run, open_run
from tumorscope.workflows.whole_folder import refuse_in_use, whole_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """How a source is read.

    Attributes:
        importer: Which importer; "auto" looks at the layout.
        layout: Names of class folders, for the folder importer.
        columns: Which column holds what, for the csv importer.
        volumes: How volumes become slices, for the dicom and nifti importers.
        skip_unreadable: Go on without unusable files, and record them.
    """

    importer: ImporterName = "auto"
    layout: FolderLayout = field(default_factory=FolderLayout)
    columns: CsvColumns = field(default_factory=CsvColumns)
    volumes: VolumeOptions = field(default_factory=VolumeOptions)
    skip_unreadable: bool = False


AS_FOUND = SourceOptions()
"""The layout is looked at, recognized names are used, and every file must be usable."""


def prepare(
    source: Path,
    out: Path,
    spec: RunSpec,
    *,
    options: SourceOptions = AS_FOUND,
    progress: Progress = silent,
) -> Run:
    """Import a source, check every file, deal the patients, build the pixel store.

    Args:
        source: Folder or table.
        out: The run's folder; must not exist, or be empty.
        spec: Everything that the run is asked to do.
        options: How the source is read.
        progress: Shows how far it got.

    Returns:
        The run.

    Raises:
        ConfigError: If `out` is in use, or an option cannot be used.
        DataError: If files cannot be used, or there are too few patients.
    """
    refuse_in_use(out)
    with whole_folder(out) as folder, recorded_stage(folder, "prepare") as stage:
        own = with_slices(options, folder / SLICES)
        imported, split = _read_and_split(source, spec, own, progress=progress)
        write_manifest(folder / MANIFEST, imported.manifest)
        write_split(folder / SPLIT, split)
        write_record(folder / RECORD, _record(out, folder, spec, imported))
        run = open_run(folder)
        stage.details |= summarize_split(run)
        run.store(progress)
    return open_run(out)


def read_source(
    source: Path, options: SourceOptions = AS_FOUND, *, progress: Progress = silent
) -> Imported:
    """Read a source and open each file once.

    Args:
        source: Folder or table.
        options: How the source is read.
        progress: Shows how far it got.

    Returns:
        The manifest, what was left out, and notes.

    Raises:
        ConfigError: If no layout fits, or an option cannot be used.
        DataError: If files cannot be used.
    """
    return import_source(
        source,
        Inspection(
            skip_unreadable=options.skip_unreadable,
            progress=progress,
            workers=os.cpu_count() or 1,
        ),
        importer=options.importer,
        layout=options.layout,
        columns=options.columns,
        volumes=options.volumes,
    )


def group_near_duplicates(
    manifest: Manifest, spec: DuplicateSpec, *, progress: Progress = silent
) -> NDArray[np.int64]:
    """Return the near-duplicate group of each slice, shape (slices,)."""

    def look_at(row: int) -> Fingerprint:
        return fingerprint(read_image(manifest.image_path(row)))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = pool.map(look_at, range(len(manifest)))
        label = "looking for near-duplicates"
        prints = list(progress(results, total=len(manifest), label=label))
    pairs = find_near_duplicates(prints, spec)
    return link_groups(pairs, len(prints))


def _read_and_split(
    source: Path, spec: RunSpec, options: SourceOptions, *, progress: Progress
) -> tuple[Imported, Split]:
    """Read a source and split it by patient, or by what stands for patients."""
    return split_imported(
        read_source(source, options, progress=progress), spec, progress=progress
    )


def split_imported(
    imported: Imported, spec: RunSpec, *, progress: Progress = silent
) -> tuple[Imported, Split]:
    """Split what was read by patient, or by what stands for patients.

    Args:
        imported: The cohort.
        spec: How it is split, and what stands for patients where none are named.
        progress: Shows how far it got.

    Returns:
        The cohort, in the order that its split refers to, and the split.

    Raises:
        DataError: If the cohort cannot be split as wanted.
    """
    manifest = imported.manifest
    if wants_pseudo_patients(manifest, spec.pseudo_patients):
        cohort = group_by_head(imported, spec.pseudo_patients, progress=progress)
        split = split_by_head(cohort.imported.manifest, cohort.group, spec.split)
        return cohort.imported, split
    groups = (
        None
        if manifest.has_patients
        else group_near_duplicates(manifest, spec.duplicates, progress=progress)
    )
    return imported, split_cohort(manifest, groups, spec.split)


def summarize_split(run: Run) -> dict[str, object]:
    """Return slices, owners and label share of each part of each fold."""
    labels, owners = run.manifest.labels, run.owners()
    folds = {
        name: {
            part: {
                "slices": len(rows),
                "groups": len(set(owners[rows])),
                "prevalence": round(float(labels[rows].mean()), 4),
            }
            for part in PARTS
            for rows in [np.flatnonzero(run.split.part[:, fold] == part)]
        }
        for fold, name in enumerate(run.split.fold_names)
    }
    return {
        "slices": len(run.manifest),
        "grouping": GROUPING_WORDS[run.split.grouping],
        "folds": folds,
    }


def with_slices(options: SourceOptions, folder: Path) -> SourceOptions:
    """Return the options of a source whose volumes may be written to a folder."""
    return replace(options, volumes=replace(options.volumes, slices=folder))


def _record(out: Path, folder: Path, spec: RunSpec, imported: Imported) -> RunRecord:
    manifest = imported.manifest
    root = manifest.root.resolve()
    if root.is_relative_to(folder.resolve()):  # it takes its place when it is whole
        root = out.resolve() / root.relative_to(folder.resolve())
    return RunRecord(
        name=out.absolute().name,
        spec=spec,
        importer=str(manifest.table["source"].iat[0]),
        root=str(root),
        manifest_digest=manifest.digest,
        notes=imported.notes,
        left_out=tuple(
            LeftOut(image=entry.image, reason=entry.reason)
            for entry in imported.left_out
        ),
    )
