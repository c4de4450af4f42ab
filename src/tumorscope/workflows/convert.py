"""DICOM studies or NIfTI volumes -> slices and a manifest, without a split.

For what a run is too much: a set for external testing, an audit, or a look at the slices.
`prepare` does the same inside its run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.progress import Progress, silent
from tumorscope.importers.inspection import Imported
from tumorscope.io.artifacts import write_manifest
from tumorscope.io.whole_files import write_json
from tumorscope.workflows.prepare import (
    AS_FOUND,
    SourceOptions,
    read_source,
    with_slices,
)
from tumorscope.workflows.run_folder import MANIFEST, SLICES
from tumorscope.workflows.whole_folder import refuse_in_use, whole_folder

LEFT_OUT = "left_out.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What `convert` left behind.

    Attributes:
        folder: Holds the slices and both files.
        imported: The manifest, what was left out, and notes.
    """

    folder: Path
    imported: Imported

    def describe(self) -> str:
        """Return counts, notes and what was left out, for a terminal."""
        manifest = self.imported.manifest
        patients = manifest.table["patient_id"].nunique()
        known = manifest.table["label"].dropna()
        labels = (
            f"{int(known.sum())} of {len(known)} labeled slices with tumor"
            if len(known)
            else "no labels: for prediction only"
        )
        lines = [
            f"{self.folder}: {len(manifest)} slices of {patients} patients, channels "
            f"{','.join(manifest.sequences)}; {labels}"
        ]
        lines += [f"note: {note}" for note in self.imported.notes]
        lines += [
            f"left out: {one.image}: {one.reason}" for one in self.imported.left_out
        ]
        return "\n".join(lines)


def convert(
    source: Path,
    out: Path,
    *,
    options: SourceOptions = AS_FOUND,
    progress: Progress = silent,
) -> Converted:
    """Write the slices of a source of volumes, and their manifest.

    Args:
        source: Folder, DICOMDIR, zip archive, or one file.
        out: Folder to make: `slices/`, `manifest.parquet` and `left_out.json`; it appears
            when it is complete.
        options: How the source is read.
        progress: Shows how far it got.

    Returns:
        What was written.

    Raises:
        ConfigError: If `out` is in use, or an option cannot be used.
        DataError: If files cannot be used.
    """
    refuse_in_use(out)
    with whole_folder(out) as folder:
        own = with_slices(options, folder / SLICES)
        imported = read_source(source, own, progress=progress)
        write_manifest(folder / MANIFEST, imported.manifest)
        content = {
            "notes": list(imported.notes),
            "left_out": [
                {"scan": one.image, "reason": one.reason} for one in imported.left_out
            ],
        }
        write_json(folder / LEFT_OUT, content)
    return Converted(folder=out, imported=imported)
