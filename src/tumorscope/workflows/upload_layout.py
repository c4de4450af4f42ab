"""Which files of an upload are DICOM, volumes or pictures, zip archives included."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.importers.detection import Layout
from tumorscope.importers.files import files_below
from tumorscope.io.file_kinds import is_dicom_file, is_nifti_name
from tumorscope.io.images import is_image_name
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile, files_of_zip

MAX_UNPACKED_BYTES = 2 * 2**30
MAX_UNPACKED_FILES = 20_000
_MASK = "_mask."
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_DEPTH, _LENGTH = 4, 80
_READ = "tumorscope.io.scan_files:read_content"


@dataclass(slots=True, kw_only=True)
class UploadLayout:
    """What an upload holds.

    Attributes:
        scans: Folders, files and archives of DICOM files, and NIfTI volumes.
        pictures: Image files, by name.
        left_out: What is none of these.
        unpacked: Where members of archives were written to.
    """

    unpacked: Path
    scans: list[tuple[Path, Layout]] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    left_out: list[LeftOutScan] = field(default_factory=list)

    def remove_unpacked(self) -> None:
        """Remove what was taken out of archives."""
        shutil.rmtree(self.unpacked, ignore_errors=True)


def safe_path(name: str) -> PurePosixPath:
    """Return a relative path for a foreign name that cannot leave its folder.

    Args:
        name: As a sender or an archive has it, with slashes of either kind between folders.

    Returns:
        At most four parts of letters, digits, dots, hyphens and underscores, none of
        which starts with a dot.
    """
    parts = [
        _UNSAFE.sub("_", part).lstrip(".")[-_LENGTH:].lstrip(".")
        for part in name.replace("\\", "/").split("/")
    ]
    kept = [part for part in parts if part.strip("_")]
    return PurePosixPath(*kept[-_DEPTH:]) if kept else PurePosixPath("unnamed")


def read_layout(paths: Sequence[Path], unpacked: Path) -> UploadLayout:
    """Sort the files of an upload by kind.

    DICOM studies stay together in their folder, as their series belong together. Volumes
    and pictures in a zip archive are inflated in the sandbox and written under names of
    our own.

    Args:
        paths: Folders and files.
        unpacked: Folder to make for members of archives; absent.

    Raises:
        DataError: If a path is missing, or an archive is not to be trusted.
    """
    layout = UploadLayout(unpacked=unpacked)
    for path in paths:
        if not path.exists():
            raise DataError(f"{path.name}: no such file or folder")
        _sort(path, layout)
    if unpacked.is_dir():
        _sort(unpacked, layout)
    layout.pictures.sort()
    return layout


def unpack_archives(folder: Path) -> None:
    """Replace each zip archive below a folder by its members, under names of our own.

    Archives in archives stay as they are.

    Args:
        folder: Files of an upload.

    Raises:
        DataError: If an archive is not to be trusted, or unpacks to too much.
        UnreadableScanError: If an archive or a member is damaged.
    """
    archives = [one for one in files_below(folder) if one.suffix.lower() == ".zip"]
    left = MAX_UNPACKED_BYTES
    for archive in archives:
        with Sandbox() as sandbox:
            members = files_of_zip(archive, sandbox)
            left -= sum(one.member.size_bytes for one in members if one.member)
            if left < 0 or len(members) > MAX_UNPACKED_FILES:
                raise DataError(
                    f"{archive.name}: unpacks to more than "
                    f"{MAX_UNPACKED_BYTES // 2**30} GiB or {MAX_UNPACKED_FILES} files"
                )
            for number, one in enumerate(members):
                content = bytes(sandbox.call(_READ, one))
                name = safe_path(one.name)
                place = archive.with_suffix("") / name.parent
                place.mkdir(parents=True, exist_ok=True)
                (place / f"{number:05d}-{name.name}").write_bytes(content)
        archive.unlink()


def _sort(path: Path, layout: UploadLayout) -> None:
    files = list(files_below(path)) if path.is_dir() else [path]
    rest: list[Path] = []
    has_volumes = False
    for file in files:
        if is_image_name(file):
            layout.pictures += [] if _is_mask(file) else [file]
        elif is_nifti_name(file):
            has_volumes = True
        elif file.suffix.lower() == ".zip":
            _sort_zip(file, layout)
        else:
            rest.append(file)
    if has_volumes:
        layout.scans.append((path, "nifti"))
    if any(is_dicom_file(file) for file in rest):
        layout.scans.append((path, "dicom"))
    elif rest:
        reason = "none of DICOM, NIfTI, zip, PNG, JPEG or TIFF"
        layout.left_out.append(
            LeftOutScan(label=rest[0].name, files=len(rest), reason=reason)
        )


def _is_mask(file: Path) -> bool:
    """Return whether a picture is the lesion mask of the picture beside it."""
    image = file.with_name(file.name.replace(_MASK, "."))
    return image != file and image.is_file()


def _sort_zip(archive: Path, layout: UploadLayout) -> None:
    with Sandbox() as sandbox:
        members = files_of_zip(archive, sandbox)
        wanted = [one for one in members if _is_flat(Path(one.name))]
        if len(wanted) < len(members):
            layout.scans.append((archive, "dicom"))
        declared = sum(one.member.size_bytes for one in wanted if one.member)
        if declared > MAX_UNPACKED_BYTES:
            raise DataError(
                f"{archive.name}: unpacks to more than {MAX_UNPACKED_BYTES // 2**30} GiB"
            )
        for number, one in enumerate(wanted):
            _unpack(one, number, sandbox, layout)


def _is_flat(name: Path) -> bool:
    return is_image_name(name) or is_nifti_name(name)


def _unpack(
    file: ScanFile, number: int, sandbox: Sandbox, layout: UploadLayout
) -> None:
    try:
        content = bytes(sandbox.call(_READ, file))
    except UnreadableScanError as error:
        layout.left_out.append(
            LeftOutScan(label=file.name, files=1, reason=str(error), damaged=True)
        )
        return
    place = layout.unpacked / safe_path(file.name)
    if place.exists():
        place = place.with_name(f"{number}-{place.name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
