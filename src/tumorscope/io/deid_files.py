"""What runs in the sandboxed child: files in, plain answers out.

Foreign files are opened by these functions only, and these functions are called through
`Sandbox`. An answer to a file is a mapping with `refused` and a code, or with a result.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tumorscope.deid.checking import check_dicom, check_with_pydicom
from tumorscope.deid.dicom_file import (
    PatientJob,
    deidentify_dicom,
    read_subject,
)
from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.nifti import GZIP, deidentify_nifti
from tumorscope.deid.nifti_pixels import clean_nifti_pixels
from tumorscope.deid.nifti_voxels import read_voxels
from tumorscope.deid.outcome import Deidentified
from tumorscope.deid.picture_pixels import clean_picture_pixels
from tumorscope.deid.pictures import deidentify_picture, is_picture
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.native_frames import read_frames
from tumorscope.deid.reading import is_dicom, read_dicom
from tumorscope.deid.side_car import deidentify_side_car
from tumorscope.io.decompression import decompress, is_compressed
from tumorscope.io.scan_files import ScanFile, read_content

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeidTask:
    """One file to be de-identified.

    Attributes:
        file: Where it lies.
        name: Its path below the input without ending.
        kept: What stays when its face is removed; None where nothing is removed.
    """

    file: ScanFile
    name: str
    kept: KeptVoxels | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTask:
    """One finished file to be read again.

    Attributes:
        file: Where it lies.
        is_witnessed: Whether pydicom reads it as well.
        kept: What stayed when its face was removed; None where nothing was.
    """

    file: ScanFile
    is_witnessed: bool
    kept: KeptVoxels | None = None


def inspect_files(files: Sequence[ScanFile]) -> list[dict[str, Any]]:
    """Return kind, digest and, of DICOM files, whose they are.

    Args:
        files: In the order of the answers.
    """
    return [_inspect(file) for file in files]


def deidentify_files(
    tasks: Sequence[DeidTask], job: PatientJob
) -> list[dict[str, Any]]:
    """Return the finished files of one patient.

    Args:
        tasks: Files, in the order of the answers.
        job: Settings, keys and tokens of the patient.
    """
    return [_deidentify(task, job) for task in tasks]


def check_files(tasks: Sequence[CheckTask], job: PatientJob) -> list[dict[str, Any]]:
    """Return what is wrong with each finished file, and its digest.

    Args:
        tasks: Finished files of one patient.
        job: Settings and tokens they were made with.
    """
    return [_check(task, job) for task in tasks]


def _inspect(file: ScanFile) -> dict[str, Any]:
    content = read_content(file)
    answer: dict[str, Any] = {
        "digest": hashlib.sha256(content).hexdigest(),
        "kind": kind_of(content, file.name),
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
        "head": subject.head,
    }


def _deidentify(task: DeidTask, job: PatientJob) -> dict[str, Any]:
    content = read_content(task.file)
    try:
        done = _by_kind(content, kind_of(content, task.file.name), task, job)
    except MalformedFileError as error:
        return {"refused": error.code}
    return {
        "content": done.content,
        "folders": list(done.folders),
        "name": done.name,
        # One text is sent much faster than hundreds of short ones.
        "counts": json.dumps([[*map(str, key), n] for key, n in done.counts.items()]),
        "group": done.group,
        "age": done.age,
        "sex": done.sex,
    }


def _by_kind(
    content: bytes, kind: str, task: DeidTask, job: PatientJob
) -> Deidentified:
    if kind == "dicom":
        return _dicom(content, task, job)
    if kind not in OTHER_KINDS:
        raise MalformedFileError("unknown-kind")
    rule = job.spec.pixels
    if kind == "nifti" and (task.kept is not None or rule != "header"):
        content = clean_nifti_pixels(content, rule, task.kept)
    elif kind == "picture" and rule != "header":
        content = clean_picture_pixels(content, rule)
    done = OTHER_KINDS[kind](content, job.keys, job.tokens, name=task.name)
    if task.kept is None:
        return done
    counts = {(str(field), act): number for (field, act), number in done.counts.items()}
    return replace(done, counts=counts | {("voxels", "cleaned"): 1})


def _dicom(content: bytes, task: DeidTask, job: PatientJob) -> Deidentified:
    """De-identify a DICOM file; compressed pixels are decoded where they are looked at."""
    is_looked_at = task.kept is not None or job.spec.pixels != "header"
    if not is_looked_at or not is_compressed(content):
        return deidentify_dicom(content, job, task.kept)
    plain = decompress(content, task.file)
    if task.kept is not None or job.spec.pixels == "clear":
        return deidentify_dicom(plain, job, task.kept)
    # A search changes nothing: the file stays compressed as it was.
    done = deidentify_dicom(plain, job)
    as_it_was = replace(job, spec=job.spec.model_copy(update={"pixels": "header"}))
    return replace(deidentify_dicom(content, as_it_was), counts=done.counts)


def _check(task: CheckTask, job: PatientJob) -> dict[str, Any]:
    content = read_content(task.file)
    wrong = ""
    if is_dicom(content):
        # Its pixels were searched before they were written; the digest says that they
        # are the same.
        wrong = check_dicom(content, job.spec, job.tokens)
        if not wrong and task.is_witnessed:
            wrong = check_with_pydicom(content)
    elif job.tokens.stand_in_file(content):
        wrong = "a text known of the patient"
    if not wrong and task.kept is not None and not _is_cleared(content, task.kept):
        wrong = "voxels that had to go"
    return {"wrong": wrong, "digest": hashlib.sha256(content).hexdigest()}


def _is_cleared(content: bytes, kept: KeptVoxels) -> bool:
    """Return whether all voxels outside the mask have one value."""
    if is_dicom(content):
        read = read_dicom(content)
        order = "big" if read.encoding.is_big_endian else "little"
        voxels = read_frames(read.elements, order).frames
    else:
        voxels = read_voxels(content).stored
    mask = kept.spread(*voxels.shape[-2:])
    outside = voxels[..., ~mask] if voxels.ndim > mask.ndim else voxels[~mask]
    return outside.size == 0 or bool((outside == outside.flat[0]).all())
