"""Tells volumes from images, without the importers that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tumorscope.importers.files import files_below
from tumorscope.io.file_kinds import is_dicom_file, is_nifti_name
from tumorscope.io.images import is_image_name

VolumeLayout = Literal["dicom", "nifti"]


def volume_layout(root: Path) -> VolumeLayout | None:
    """Return whether a source holds volumes: the first file of a known kind decides.

    Args:
        root: File or folder.

    Returns:
        "dicom", "nifti", or None for anything else.
    """
    for file in files_below(root) if root.is_dir() else [root]:
        if is_image_name(file):
            return None
        if is_nifti_name(file):
            return "nifti"
        if is_dicom_file(file) or (file == root and file.suffix.lower() == ".zip"):
            return "dicom"
    return None
