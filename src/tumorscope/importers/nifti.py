"""NIfTI volumes: single files, and the BraTS layouts of 2018 to 2023.

A file's name tells sequence and case; nothing else does. Recognized are

    Brats18_2013_21_1_flair.nii.gz             2018, 2019: the part before the number is
    Brats18_TCIA08_167_1_t1ce.nii.gz           the institution
    BraTS20_Training_001_flair.nii.gz          2020
    BraTS2021_00000_t1ce.nii.gz                2021
    BraTS-GLI-00000-000-t1c.nii.gz             2023: patient, then time point

and `<case>_<sequence>.nii.gz` or `<case>-<sequence>.nii.gz` for any other case. `seg` is
the lesion mask.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.study import (
    FoundScans,
    SequenceGuess,
    SeriesFacts,
    SeriesSource,
    StudySource,
)
from tumorscope.importers.files import files_below
from tumorscope.io.file_kinds import is_nifti_name
from tumorscope.io.nifti_files import read_nifti, stem_of
from tumorscope.io.sandbox import Sandbox

SEGMENTATION = "seg"
SEQUENCE_OF: MappingProxyType[str, str] = MappingProxyType(
    {
        "t1": "t1",
        "t1n": "t1",
        "t1w": "t1",
        "t1c": "t1c",
        "t1ce": "t1c",
        "t1gd": "t1c",
        "t2": "t2",
        "t2w": "t2",
        "flair": "flair",
        "t2f": "flair",
        "fl": "flair",
        "seg": SEGMENTATION,
        "mask": SEGMENTATION,
    }
)
"""Endings of a name, in small letters, and what they mean."""
_ENDING = re.compile(r"(?P<case>.*?)[-_.](?P<word>[A-Za-z0-9]+)")
_BRATS_2018 = re.compile(r"(?P<patient>B[Rr]a[Tt][Ss]1[789]_(?P<site>[^_]+)_[^_]+)_\d+")
_BRATS_2023 = re.compile(r"(?P<patient>BraTS-[A-Z]+-\d+)-\d+")


def find_nifti(source: Path, sandbox: Sandbox) -> FoundScans:
    """List the volumes of a source; their voxels are read later.

    Args:
        source: Folder, or one file.
        sandbox: Parses the files when they are loaded.

    Returns:
        One study for each case, and every file that is not used.

    Raises:
        DataError: If the source is missing, or a case has two files of one sequence.
    """
    if not source.exists():
        raise DataError(f"{source}: no such file or folder")
    folder = source if source.is_dir() else source.parent
    files = list(files_below(source)) if source.is_dir() else [source]
    cases: dict[str, dict[str, Path]] = defaultdict(dict)
    left_out: list[LeftOutScan] = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        if not is_nifti_name(file):
            reason = "not a NIfTI file"
            left_out.append(LeftOutScan(label=name, files=1, reason=reason))
            continue
        case, sequence = split_name(stem_of(file))
        if sequence is None:
            reason = f"its name does not end with a sequence ({', '.join(SEQUENCE_OF)})"
            left_out.append(LeftOutScan(label=name, files=1, reason=reason))
            continue
        place = "/".join(filter(None, (*Path(name).parent.parts, case)))
        if sequence in cases[place]:
            raise DataError(
                f"{name}: {cases[place][sequence].name} is the {sequence} of this case "
                "too; keep one"
            )
        cases[place][sequence] = file
    studies = [
        _study(place.rsplit("/", 1)[-1], place, members, sandbox)
        for place, members in sorted(cases.items())
    ]
    return FoundScans(
        studies=tuple(study for study in studies if study.series),
        left_out=(*left_out, *_masks_alone(studies)),
    )


def split_name(stem: str) -> tuple[str, str | None]:
    """Return case and sequence of a file name without its ending.

    Returns:
        The case, and the sequence; None where the name does not tell.
    """
    word = SEQUENCE_OF.get(stem.lower())
    if word is not None:
        return "", word
    match = _ENDING.fullmatch(stem)
    word = None if match is None else SEQUENCE_OF.get(match["word"].lower())
    return (stem, None) if match is None or word is None else (match["case"], word)


def patient_and_site(case: str) -> tuple[str, str | None]:
    """Return the patient of a case, and the institution where the name has it.

    Time points of one patient (2023) are one patient: they must stay on one side of a
    split.
    """
    match = _BRATS_2018.fullmatch(case)
    if match is not None:
        return match["patient"], match["site"]
    match = _BRATS_2023.fullmatch(case)
    return (case, None) if match is None else (match["patient"], None)


def _study(
    case: str, place: str, files: dict[str, Path], sandbox: Sandbox
) -> StudySource:
    patient, site = patient_and_site(case)
    sources = {
        sequence: SeriesSource(
            facts=SeriesFacts(
                label=file.name,
                patient_id=patient or None,
                study_id=place,
                series_id=f"{place}/{sequence}",
                sequence=SequenceGuess(
                    name=sequence, certainty="likely", evidence=("the file's name",)
                ),
                # Files of one case are delivered on one grid; loading compares them.
                frame_of_reference=place,
                site=site,
            ),
            load=partial(read_nifti, file, sandbox),
        )
        for sequence, file in sorted(files.items())
    }
    segmentation = sources.pop(SEGMENTATION, None)
    return StudySource(
        patient_id=patient or None,
        study_id=place,
        series=tuple(sources.values()),
        segmentation=segmentation,
        source="nifti",
    )


def _masks_alone(studies: list[StudySource]) -> list[LeftOutScan]:
    return [
        LeftOutScan(
            label=study.segmentation.facts.label,
            files=1,
            reason="a lesion mask without a scan",
        )
        for study in studies
        if study.segmentation is not None and not study.series
    ]
