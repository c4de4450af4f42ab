"""What runs in the sandboxed child: files in, plain answers out.

Foreign files are opened by these functions only, and these functions are called through
`Sandbox`. An answer to a file is a mapping with `refused` and a code, or with a result.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tumorscope.deid.checking import check_dicom, check_with_pydicom
from tumorscope.deid.dicom_file import (
    PatientJob,
    deidentify_dicom,
    read_subject,
)
from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.nifti import GZIP, deidentify_nifti
from tumorscope.deid.outcome import Deidentified
from tumorscope.deid.pictures import deidentify_picture, is_picture
from tumorscope.deid.reading import is_dicom
from tumorscope.deid.side_car import deidentify_side_car

NIFTI_HEADS = (b"\x5c\x01\0\0", b"\0\0\x01\x5c", b"\x1c\x02\0\0", b"\0\0\x02\x1c")
OTHER_KINDS = {
    "nifti": deidentify_nifti,
    "side-car": deidentify_side_car,
    "picture": deidentify_picture,
}


def kind_of(content: bytes, name: str) -> str:
    """Return what a file is, going by its bytes: names are chosen by people.

    Args:
        content: The file.
        name: Its name, which decides for JSON only.
    """
    if is_dicom(content):
        return "dicom"
    if content.startswith(GZIP) or content[:4] in NIFTI_HEADS:
        return "nifti"
    if is_picture(content):
        return "picture"
    return "side-car" if name.lower().endswith(".json") else ""


def inspect_files(paths: Sequence[str]) -> list[dict[str, Any]]:
    """Return kind, digest and, of DICOM files, whose they are.

    Args:
        paths: Files, in the order of the answers.
    """
    return [_inspect(Path(path)) for path in paths]


def deidentify_files(
    paths: Sequence[str], names: Sequence[str], job: PatientJob
) -> list[dict[str, Any]]:
    """Return the finished files of one patient.

    Args:
        paths: Files, in the order of the answers.
        names: Of each, its path below the input without ending.
        job: Settings, keys and tokens of the patient.
    """
    return [
        _deidentify(Path(path), name, job)
        for path, name in zip(paths, names, strict=True)
    ]


def check_files(
    paths: Sequence[str], witnessed: Sequence[bool], job: PatientJob
) -> list[dict[str, Any]]:
    """Return what is wrong with each finished file, and its digest.

    Args:
        paths: Finished files of one patient.
        witnessed: Which of them pydicom reads as well.
        job: Settings and tokens they were made with.
    """
    return [
        _check(Path(path), job, is_witnessed)
        for path, is_witnessed in zip(paths, witnessed, strict=True)
    ]


def _inspect(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    answer: dict[str, Any] = {
        "digest": hashlib.sha256(content).hexdigest(),
        "kind": kind_of(content, path.name),
    }
    if not answer["kind"]:
        return answer | {"refused": "unknown-kind"}
    if answer["kind"] != "dicom":
        return answer
    try:
        subject = read_subject(content)
    except MalformedFileError as error:
        return answer | {"refused": error.code}
    return answer | {
        "patient_id": subject.patient_id,
        "issuer": subject.issuer,
        "patient_name": subject.patient_name,
        "values": subject.values,
        "age_years": None if math.isnan(subject.age_years) else subject.age_years,
    }


def _deidentify(path: Path, name: str, job: PatientJob) -> dict[str, Any]:
    content = path.read_bytes()
    try:
        done = _by_kind(content, kind_of(content, path.name), name, job)
    except MalformedFileError as error:
        return {"refused": error.code}
    return {
        "content": done.content,
        "folders": list(done.folders),
        "name": done.name,
        "counts": [[*map(str, key), number] for key, number in done.counts.items()],
        "group": done.group,
        "age": done.age,
        "sex": done.sex,
    }


def _by_kind(content: bytes, kind: str, name: str, job: PatientJob) -> Deidentified:
    if kind == "dicom":
        return deidentify_dicom(content, job)
    if kind not in OTHER_KINDS:
        raise MalformedFileError("unknown-kind")
    return OTHER_KINDS[kind](content, job.keys, job.tokens, name=name)


def _check(path: Path, job: PatientJob, is_witnessed: bool) -> dict[str, Any]:  # noqa: FBT001 - one of a sequence
    content = path.read_bytes()
    wrong = ""
    if is_dicom(content):
        # Its pixels were searched before they were written; the digest says that they
        # are the same.
        wrong = check_dicom(content, job.spec, job.tokens)
        if not wrong and is_witnessed:
            wrong = check_with_pydicom(content)
    elif job.tokens.stand_in_file(content):
        wrong = "a text known of the patient"
    return {"wrong": wrong, "digest": hashlib.sha256(content).hexdigest()}
