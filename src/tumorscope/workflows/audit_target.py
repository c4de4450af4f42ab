"""What is audited: a run with its split, or a source as `prepare` would take it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.run_record import LeftOut
from tumorscope.domain.specs import RunSpec
from tumorscope.domain.split import Split
from tumorscope.importers.detection import import_source
from tumorscope.importers.inspection import Imported, Inspection
from tumorscope.io.artifacts import read_manifest, split_digest
from tumorscope.workflows.prepare import (
    AS_FOUND,
    SourceOptions,
    split_imported,
)
from tumorscope.workflows.pseudo_patients import UNASSIGNED
from tumorscope.workflows.recording import RECORD
from tumorscope.workflows.run_folder import MANIFEST, SPLIT, Run, open_run
from tumorscope.workflows.settings import change_section


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTarget:
    """A cohort, its split and how to audit it.

    Attributes:
        name: Name of the run or source.
        run: The run; None for a source.
        manifest: The usable slices.
        split: The run's split, or the one that `prepare` would make with its defaults.
        split_digest: SHA-256 of the run's split file; empty for a source.
        notes: Limits that the importer knows of.
        left_out: Files that could not be used.
        spec: How to audit.
        pseudo_patients: How slices are linked to heads where no patient is known.
    """

    name: str
    run: Run | None
    manifest: Manifest
    split: Split
    split_digest: str
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    spec: AuditSpec
    pseudo_patients: PseudoPatientSpec


def open_target(
    place: Path,
    *,
    assignments: Sequence[str] = (),
    options: SourceOptions = AS_FOUND,
    progress: Progress = silent,
) -> AuditTarget:
    """Open a run, or read a source and split it.

    Args:
        place: Folder of a run, or a source as `prepare` reads it.
        assignments: Changes of settings, each `audit.key=value`.
        options: How a source is read; unusable files are left out and counted.
        progress: Shows how far it got.

    Returns:
        What is to be audited.

    Raises:
        ConfigError: If a setting or an option cannot be used.
        DataError: If the source cannot be read, has slices without label, or too few
            patients to split.
    """
    if (place / RECORD).is_file():
        return _open_run(place, assignments)
    spec = change_section(RunSpec(), "audit", assignments)
    imported = read_all(place, options, progress=progress)
    imported, split = split_imported(imported, spec, progress=progress)
    return AuditTarget(
        name=place.absolute().name,
        run=None,
        manifest=imported.manifest,
        split=split,
        split_digest="",
        notes=imported.notes,
        left_out=_unusable(
            LeftOut(image=each.image, reason=each.reason) for each in imported.left_out
        ),
        spec=spec.audit,
        pseudo_patients=spec.pseudo_patients,
    )


def read_all(
    place: Path, options: SourceOptions, *, progress: Progress = silent
) -> Imported:
    """Read a source with all its faults, where `prepare` would refuse it.

    Args:
        place: Folder or table.
        options: How it is read.
        progress: Shows how far it got.

    Returns:
        The usable slices, also those whose pixels carry both labels, and what was left
        out.

    Raises:
        ConfigError: If no layout fits, or an option cannot be used.
        DataError: If the source is missing, or no file can be used.
    """
    return import_source(
        place,
        Inspection(
            skip_unreadable=True,
            progress=progress,
            workers=os.cpu_count() or 1,
            keep_contradictions=True,
        ),
        importer=options.importer,
        layout=options.layout,
        columns=options.columns,
        volumes=options.volumes,
    )


def read_other(other: Path, *, progress: Progress = silent) -> Manifest:
    """Read the set that a cohort is compared with.

    Args:
        other: Folder of a run, a manifest.parquet, or a source as `prepare` reads it.
        progress: Shows how far it got.

    Raises:
        ConfigError: If no layout fits.
        DataError: If it is missing, or no file can be used.
    """
    if (other / MANIFEST).is_file():
        return read_manifest(other / MANIFEST)
    if other.suffix == ".parquet":
        return read_manifest(other)
    return read_all(other, AS_FOUND, progress=progress).manifest


def _open_run(place: Path, assignments: Sequence[str]) -> AuditTarget:
    run = open_run(place)
    return AuditTarget(
        name=run.record.name,
        run=run,
        manifest=run.manifest,
        split=run.split,
        split_digest=split_digest(place / SPLIT),
        notes=run.record.notes,
        left_out=_unusable(run.record.left_out),
        spec=change_section(run.record.spec, "audit", assignments).audit,
        pseudo_patients=run.record.spec.pseudo_patients,
    )


def _unusable(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the files that could not be used; slices that fit no head could be."""
    return tuple(each for each in left_out if each.reason != UNASSIGNED)
