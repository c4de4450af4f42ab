"""DICOM studies: a folder, a DICOMDIR or a zip archive of files in any order.

Every file is parsed and decoded in a sandbox. Series that are no use here (localizers,
derived images, other modalities and body parts) are listed with one reason each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.study import (
    SEQUENCES,
    FoundScans,
    LoadedVolume,
    SequenceGuess,
    SeriesFacts,
    SeriesSource,
    StudySource,
)
from tumorscope.domain.volume import Volume
from tumorscope.importers.dicom_exclusions import body_part_note, exclusion_reason
from tumorscope.importers.dicom_origin import read_scan_origin
from tumorscope.importers.dicom_sequences import guess_sequence
from tumorscope.importers.dicom_series import (
    FrameGroup,
    FramePlace,
    Unusable,
    group_frames,
)
from tumorscope.importers.files import files_below
from tumorscope.io.dicom_files import (
    DicomHeader,
    positions_of,
    read_directory,
    read_frames,
    read_headers,
)
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile, files_of_folder, files_of_zip

DIRECTORY_NAME = "DICOMDIR"
_AGE = re.compile(r"(?P<count>\d{3})(?P<unit>[DWMY])")
_DAYS_IN = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
_SEXES = frozenset({"F", "M", "O"})


def find_dicom(
    source: Path, sandbox: Sandbox, *, workers: int = 1, progress: Progress = silent
) -> FoundScans:
    """List the series of a source; their pixels are read later.

    Args:
        source: Folder, DICOMDIR, zip archive or one file.
        sandbox: Parses the files.
        workers: Children at once.
        progress: Shows how far the reading of headers got.

    Returns:
        Studies with their usable series, and everything that is not used.

    Raises:
        DataError: If the source is missing, or an archive or DICOMDIR is not to be
            trusted.
    """
    files, left_out = _files(source, sandbox)
    headers = read_headers(files, sandbox, workers=workers)
    pairs = zip(
        files,
        progress(headers, total=len(files), label="reading DICOM headers"),
        strict=True,
    )
    series: dict[tuple[str, str], list[FramePlace]] = defaultdict(list)
    excluded: dict[tuple[str, str, str], list[ScanFile]] = defaultdict(list)
    for file, header in pairs:
        if isinstance(header, UnreadableScanError):
            left_out.append(_unreadable(file, str(header)))
            continue
        reason = exclusion_reason(header) or _missing_identity(header)
        if reason is not None:
            excluded[_label(file, header), header.series_uid or "", reason].append(file)
            continue
        key = (str(header.study_uid), str(header.series_uid))
        series[key] += [
            FramePlace(file=file, header=header, number=number)
            for number in range(len(header.frames))
        ]
    left_out += [
        LeftOutScan(label=label, files=len(members), reason=reason)
        for (label, _, reason), members in sorted(excluded.items())
    ]
    return _collect(series, left_out, sandbox)


def _collect(
    series: dict[tuple[str, str], list[FramePlace]],
    left_out: list[LeftOutScan],
    sandbox: Sandbox,
) -> FoundScans:
    studies: dict[str, list[SeriesSource]] = defaultdict(list)
    for (study, _), places in sorted(series.items(), key=lambda one: one[0]):
        for group in group_frames(places):
            found = _series_source(group, sandbox)
            if isinstance(found, LeftOutScan):
                left_out.append(found)
            else:
                studies[study].append(found)
    return FoundScans(
        studies=tuple(
            StudySource(
                patient_id=members[0].facts.patient_id,
                study_id=study,
                series=tuple(members),
                source="dicom",
            )
            for study, members in studies.items()
        ),
        left_out=tuple(left_out),
    )


def _files(source: Path, sandbox: Sandbox) -> tuple[list[ScanFile], list[LeftOutScan]]:
    if source.is_dir():
        files = [file for file in files_below(source) if file.name != DIRECTORY_NAME]
        return files_of_folder(source, files), []
    if not source.is_file():
        raise DataError(f"{source}: no such file or folder")
    if source.name.upper() == DIRECTORY_NAME:
        found, missing = read_directory(source, sandbox)
        return found, [_unreadable_name(name) for name in missing]
    if source.suffix.lower() == ".zip":
        return files_of_zip(source, sandbox), []
    return [ScanFile(path=source, name=source.name)], []


def _unreadable_name(name: str) -> LeftOutScan:
    reason = "the DICOMDIR refers to it, and it is missing"
    return LeftOutScan(label=name, files=1, reason=reason, damaged=True)


def _unreadable(file: ScanFile, reason: str) -> LeftOutScan:
    foreign = reason == "not a DICOM file"
    return LeftOutScan(label=file.name, files=1, reason=reason, damaged=not foreign)


def _missing_identity(header: DicomHeader) -> str | None:
    if not header.study_uid or not header.series_uid:
        return "does not say which study and series it belongs to"
    return None


def _label(file: ScanFile, header: DicomHeader) -> str:
    """Return folder and series number: enough to find it, and no text of the file."""
    folder = PurePosixPath(file.name).parent.as_posix()
    place = "" if folder == "." else f"{folder}, "
    if header.series_number is None:
        return f"{place}a series without number"
    return f"{place}series {header.series_number:.0f}"


def _series_source(
    group: FrameGroup | Unusable, sandbox: Sandbox
) -> SeriesSource | LeftOutScan:
    first = group.frames[0]
    label = _label(first.file, first.header)
    if isinstance(group, FrameGroup):
        label += f", {group.part}" if group.part else ""
        guess = guess_sequence(first.header, first.frame)
        reason = _unusable_sequence(guess)
        if reason is None:
            facts = _facts(group, label, guess)
            load = partial(_load, group, sandbox)
            origin = partial(read_scan_origin, group, sandbox)
            return SeriesSource(
                facts=facts, load=load, files=group.files, load_origin=origin
            )
    else:
        reason = group.reason
    files = len({place.file for place in group.frames})
    return LeftOutScan(label=label, files=files, reason=reason)


def _unusable_sequence(guess: SequenceGuess) -> str | None:
    if guess.name in SEQUENCES:
        return None
    if guess.name is None:
        seen = ", ".join(guess.evidence) or "no name and no timing"
        return f"its sequence is {guess.certainty}: {seen}"
    if guess.name == "localizer":
        return "a localizer"
    return f"sequence {guess.as_words()}; used are {', '.join(SEQUENCES)}"


def _facts(group: FrameGroup, label: str, guess: SequenceGuess) -> SeriesFacts:
    first = group.frames[0].header
    note = body_part_note(first)
    sex = (first.sex or "").upper()
    return SeriesFacts(
        label=label,
        patient_id=first.patient_id,
        study_id=str(first.study_uid),
        series_id=" ".join(filter(None, (first.series_uid, group.part))),
        sequence=guess,
        frame_of_reference=first.frame_of_reference_uid,
        site=first.institution,
        scanner=_scanner(first),
        sex=sex if sex in _SEXES else None,
        age_years=age_in_years(first.age),
        notes=(*group.notes, *([note] if note else [])),
    )


def age_in_years(age: str | None) -> float | None:
    """Return an age string (PS3.5 6.2, "047Y") in years; None where it is not one."""
    match = _AGE.fullmatch((age or "").upper())
    if match is None:
        return None
    years = int(match["count"]) * _DAYS_IN[match["unit"]] / _DAYS_IN["Y"]
    return round(years, 2) if years <= 130 else None


def _scanner(header: DicomHeader) -> str | None:
    tesla = header.field_strength_t
    words = [header.manufacturer, header.model, f"{tesla:g} T" if tesla else None]
    return " ".join(word for word in words if word) or None


def _load(group: FrameGroup, sandbox: Sandbox) -> LoadedVolume:
    """Decode a volume; files that cannot be decoded are listed and leave a gap."""
    pixels: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}
    left_out: list[LeftOutScan] = []
    for file, rows in _rows_by_file(group.frames).items():
        numbers = [group.frames[row].number for row in rows]
        header = group.frames[rows[0]].header
        try:
            decoded = read_frames(file, numbers, header, sandbox)
        except UnreadableScanError as error:
            left_out.append(_unreadable(file, str(error)))
            continue
        pixels |= dict(zip(rows, decoded, strict=True))
    if not pixels:
        raise DataError(f"no slice can be decoded: {left_out[0].reason}")
    kept = sorted(pixels)
    frames = [group.frames[row].frame for row in kept]
    notes = (f"{len(left_out)} files cannot be decoded",) if left_out else ()
    return LoadedVolume(
        volume=Volume(
            voxels=np.stack([pixels[row] for row in kept]),
            origins_mm=positions_of(frames),
            row_step_mm=_step(frames[0].orientation, frames[0].spacing_mm, axis=0),
            column_step_mm=_step(frames[0].orientation, frames[0].spacing_mm, axis=1),
        ),
        left_out=tuple(left_out),
        notes=notes,
    )


def _rows_by_file(frames: Sequence[FramePlace]) -> dict[ScanFile, list[int]]:
    rows: dict[ScanFile, list[int]] = defaultdict(list)
    for row, place in enumerate(frames):
        rows[place.file].append(row)
    return rows


def _step(
    orientation: tuple[float, ...] | None,
    spacing_mm: tuple[float, float] | None,
    *,
    axis: int,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the step along rows (axis 0) or columns (axis 1), LPS, mm.

    The first three cosines point to growing column numbers, the last three to growing row
    numbers; the first distance is that between rows (PS3.3 C.7.6.2.1.1, 10.7.1.3).
    """
    if orientation is None or spacing_mm is None:
        raise DataError("its position in the patient is not stated")
    cosines = orientation[3:] if axis == 0 else orientation[:3]
    return np.array(cosines) / np.linalg.norm(cosines) * spacing_mm[axis]
