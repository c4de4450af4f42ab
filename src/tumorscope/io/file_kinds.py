"""Which files are scans, told without the parsers that read them."""

from __future__ import annotations

from pathlib import Path

NIFTI_SUFFIXES = (".nii", ".nii.gz")
MAGIC, PREAMBLE_BYTES = b"DICM", 128


def is_nifti_name(path: Path) -> bool:
    """Return whether a name ends as a NIfTI file."""
    return path.name.lower().endswith(NIFTI_SUFFIXES)


def is_dicom_file(path: Path) -> bool:
    """Return whether a file has the mark of DICOM behind its preamble."""
    try:
        with path.open("rb") as stream:
            return stream.read(PREAMBLE_BYTES + 4)[PREAMBLE_BYTES:] == MAGIC
    except OSError:
        return False
