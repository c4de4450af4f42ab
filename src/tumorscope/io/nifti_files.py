"""NIfTI volumes as values, read by a sandboxed child; this side imports no parser."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.domain.study import LoadedVolume
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.file_kinds import NIFTI_SUFFIXES
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile

_READ_VOLUME = "tumorscope.io.nifti_parsing:read_volume"
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def stem_of(path: Path) -> str:
    """Return the name of a NIfTI file without `.nii` or `.nii.gz`."""
    name = path.name
    for suffix in sorted(NIFTI_SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def read_nifti(path: Path, sandbox: Sandbox) -> LoadedVolume:
    """Read one volume.

    Args:
        path: `.nii` or `.nii.gz`.
        sandbox: Parses it.

    Returns:
        The volume in the order of the file: its last axis becomes the slices.

    Raises:
        UnreadableScanError: If it cannot be used; the reason is told.
        DataError: If its geometry cannot be that of a scan.
    """
    answer = sandbox.call(_READ_VOLUME, ScanFile(path=path, name=path.name))
    try:
        voxels, affine = answer["voxels"], answer["affine_mm"]
        lost = int(answer["not_finite"])
        if voxels.ndim != 3 or affine.shape != (4, 4):
            raise UnreadableScanError("the reader gave no volume")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableScanError("the reader gave no volume") from error
    notes = (f"{lost} voxels are no numbers and count as 0",) if lost else ()
    return LoadedVolume(
        volume=volume_from_affine(
            voxels.transpose(2, 1, 0),  # (i, j, k) -> (slices, rows, columns)
            (_RAS_TO_LPS @ affine)[:, [2, 1, 0, 3]],
        ),
        notes=notes,
    )
