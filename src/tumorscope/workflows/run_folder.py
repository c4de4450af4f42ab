"""A run: one folder, and nothing else holds state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.run_record import RunRecord
from tumorscope.domain.split import Part, Split
from tumorscope.io.artifacts import read_manifest, read_record, read_split
from tumorscope.io.bundle import BUNDLE, BUNDLES
from tumorscope.io.pixel_store import PixelStore, open_store
from tumorscope.workflows.recording import RECORD

MANIFEST, SPLIT, STORES = "manifest.parquet", "split.json", "store"
SLICES = "slices"
TRAINING = "training"
PREDICTIONS, REPORT_JSON, REPORT_HTML = (
    "predictions.parquet",
    "report.json",
    "report.html",
)
EXPLANATIONS = "explanations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What `prepare` left behind, read back and checked.

    Attributes:
        folder: The run's folder.
        record: `run.json`.
        manifest: The cohort.
        split: Its split; a leaking one cannot be read.
    """

    folder: Path
    record: RunRecord
    manifest: Manifest
    split: Split

    def store(self, progress: Progress = silent) -> PixelStore:
        """Open the pixel store, built anew where it is missing or stale."""
        return open_store(
            self.manifest,
            self.record.spec.preprocess,
            folder=self.folder / STORES,
            progress=progress,
        )

    def training_folder(self, fold: int) -> Path:
        """Return where the checkpoint and the log of a fold are."""
        return self.folder / TRAINING / self.split.fold_names[fold]

    def bundle_folder(self, fold: int) -> Path:
        """Return where the bundle of a fold is; a run without folds has just one."""
        if len(self.split.fold_names) == 1:
            return self.folder / BUNDLE
        return self.folder / BUNDLES / self.split.fold_names[fold]

    def describe(self) -> str:
        """Return slices, owners and label share of each part, for a terminal."""
        labels, owners = self.manifest.labels, self.owners()
        unit = "patients" if self.split.grouping == "patient" else "groups"
        lines = [
            f"{self.folder}: {len(self.manifest)} slices, {len(set(owners))} {unit}, "
            f"{GROUPING_WORDS[self.split.grouping]}"
        ]
        lines += [f"note: {note}" for note in self.record.notes]
        if self.record.left_out:
            lines.append(f"left out: {len(self.record.left_out)} unusable files")
        for fold, name in enumerate(self.split.fold_names):
            for part in get_args(Part):
                rows = self.split.rows(part, fold)
                lines.append(
                    f"  {name:<10} {part:<6} {len(rows):>6} slices "
                    f"{len(set(owners[rows])):>5} {unit}  "
                    f"{100 * labels[rows].mean():5.1f} % with tumor"
                )
        return "\n".join(lines)

    def owners(self) -> NDArray[np.object_]:
        """Return who each slice belongs to: patient id, else group. Shape (slices,)."""
        known = self.manifest.table["patient_id"]
        return np.where(known.notna(), known.astype(object), self.split.group)


def open_run(folder: Path) -> Run:
    """Read a run.

    Args:
        folder: Made by `prepare`.

    Returns:
        The run.

    Raises:
        ConfigError: If the folder is no run.
        DataError: If a file is missing, damaged or belongs to another one.
        LeakageError: If a patient or group stands in two parts of the split.
    """
    record = read_record(folder / RECORD)
    manifest = read_manifest(folder / MANIFEST)
    return Run(
        folder=folder,
        record=record,
        manifest=manifest,
        split=read_split(folder / SPLIT, manifest),
    )
