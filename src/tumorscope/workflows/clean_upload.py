"""The files of an upload -> the same without identifiers, names of files included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.importers.nifti import split_name
from tumorscope.io.file_kinds import is_nifti_name
from tumorscope.io.images import is_image_name
from tumorscope.io.nifti_files import stem_of
from tumorscope.workflows.deid import deidentify
from tumorscope.workflows.upload_layout import unpack_archives

_SETTINGS = (
    "deid.patient_from=folder",
    "deid.accept_deidentified=true",
    "deid.faces=flag",
)
"""Files that name nobody count as one patient of their own upload. Faces stay: the images
do not leave the service, and a reader needs the whole head."""
_MASK = "_mask"
_CODES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpload:
    """What is left of an upload.

    Attributes:
        folder: A folder for each patient, named by pseudonym.
        pseudonyms: Of the patients that the files named.
        left_out: Files that were left out, by number and reason.
    """

    folder: Path
    pseudonyms: tuple[str, ...]
    left_out: tuple[LeftOutScan, ...]


def clean_upload(files: Path, out: Path, *, vault: Path, key_file: Path) -> CleanUpload:
    """De-identify an upload; names of files keep order and sequence, and no more.

    Args:
        files: Folder with one folder, whose name stands for the patient where the files
            name nobody. Archives in it are replaced by their members.
        out: Folder to make.
        vault: File of the vault.
        key_file: File of its key.

    Raises:
        UnreadableScanError: If nothing could be de-identified.
        DataError: If an archive is not to be trusted.
        ConfigError: If the vault or its key cannot be used.
    """
    unpack_archives(files)
    written = deidentify(
        files, out, vault=vault, key_file=key_file, assignments=_SETTINGS
    )
    codes = [one.code for one in written.report.quarantine]
    if not written.report.n_written:
        named = ", ".join(sorted(set(codes))[:_CODES_SHOWN])
        raise UnreadableScanError(
            f"none of {len(codes)} files could be de-identified: {named}"
        )
    folder = out / "data"
    _rename(out, written.origins)
    return CleanUpload(
        folder=folder,
        pseudonyms=tuple(sorted(one.name for one in folder.iterdir())),
        left_out=tuple(
            LeftOutScan(
                label=f"file {one.number}",
                files=1,
                reason=f"de-identification: {one.code}",
            )
            for one in written.report.quarantine
        ),
    )


def _rename(out: Path, origins: Mapping[str, PurePosixPath]) -> None:
    """Give volumes and pictures names that tell case, sequence and order again."""
    cases: dict[tuple[str, str], int] = {}
    ordered = sorted(origins.items(), key=lambda pair: str(pair[1]))
    for number, (path, origin) in enumerate(ordered):
        place, source = out / path, Path(origin)
        if is_nifti_name(source):
            case, sequence = split_name(stem_of(source))
            key = (str(origin.parent), case)
            case_number = cases.setdefault(key, len(cases))
            ending = place.name[len(stem_of(place)) :]
            name = f"case{case_number:04d}_{sequence or 'unnamed'}{ending}"
        elif is_image_name(source):
            mask = _MASK if source.stem.endswith(_MASK) else ""
            number_of_image = cases.setdefault(
                (str(origin.parent), source.stem.removesuffix(_MASK)), number
            )
            name = f"{number_of_image:05d}{mask}{place.suffix}"
        else:
            continue
        target = place.with_name(name)
        if target.exists():
            target = place.with_name(f"{number:05d}-{name}")
        place.rename(target)
