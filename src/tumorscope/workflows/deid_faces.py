"""The faces of one patient's head volumes: judged, and removed where that is wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.report import FaceRecord
from tumorscope.domain.deid_spec import DeidSpec
from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox import Sandbox
from tumorscope.workflows.deid_patients import SourceFile

# By name: what finds a brain is loaded by the child alone, and only where it is needed.
_TREAT_SERIES = "tumorscope.io.deid_faces:treat_series"
_TREAT_NIFTI = "tumorscope.io.deid_faces:treat_nifti"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFaces:
    """What became of the faces of one patient.

    Attributes:
        records: One for each volume.
        held: Code by number of each file that must stay in quarantine.
        unjudged: Numbers of files whose voxels could not be read: they must not be
            written, for a reason of their own or for this one.
        kept: What stays of each file that is cleared, by number.
    """

    records: tuple[FaceRecord, ...]
    held: dict[int, str]
    unjudged: frozenset[int]
    kept: dict[int, KeptVoxels]


def treat_faces(
    files: Sequence[SourceFile], spec: DeidSpec, sandbox: Sandbox
) -> PatientFaces:
    """Judge the head volumes of one patient.

    Args:
        files: All files of the patient.
        spec: Settings.
        sandbox: Where files are opened.
    """
    records: list[FaceRecord] = []
    held: dict[int, str] = {}
    kept: dict[int, KeptVoxels] = {}
    heads = [] if spec.face_free else [one for one in files if one.head]
    seen: set[int] = set()
    for members in _groups(heads):
        for answer in _ask(members, spec, sandbox):
            chosen = [members[number] for number in answer["files"]]
            records.append(_record(chosen, answer))
            seen |= {one.number for one in chosen}
            if answer["reason"]:
                held |= {one.number: str(answer["reason"]) for one in chosen}
            for mask in answer["kept"]:
                kept[members[mask["file"]].number] = _mask(mask)
    missing = {one.number for one in heads} - seen if spec.faces != "flag" else set()
    return PatientFaces(
        records=tuple(records), held=held, unjudged=frozenset(missing), kept=kept
    )


def _groups(heads: Sequence[SourceFile]) -> list[list[SourceFile]]:
    groups: dict[tuple[bool, str], list[SourceFile]] = defaultdict(list)
    for one in heads:
        groups[one.is_volume, one.head].append(one)
    return list(groups.values())


def _ask(
    members: list[SourceFile], spec: DeidSpec, sandbox: Sandbox
) -> list[dict[str, Any]]:
    """Return the answers for one frame of reference; none where the reader failed."""
    function = _TREAT_NIFTI if members[0].is_volume else _TREAT_SERIES
    scans = [one.scan for one in members]
    try:
        return list(sandbox.call(function, scans, spec.faces))
    except UnreadableScanError:
        return []


def _record(chosen: Sequence[SourceFile], answer: dict[str, Any]) -> FaceRecord:
    return FaceRecord(
        number=chosen[0].number,
        n_files=len(chosen),
        n_slices=int(answer["n_slices"]),
        verdict=str(answer["verdict"]),
        because=str(answer["because"]),
        outcome=_outcome(answer),
        is_borrowed=bool(answer["is_borrowed"]),
        brain_ml=answer["brain_ml"],
        removed_ml=answer["removed_ml"],
        rim_ml=answer["rim_ml"],
    )


def _outcome(answer: dict[str, Any]) -> str:
    if answer["reason"]:
        return "held back"
    if not answer["kept"]:
        return "let through"
    is_bare = all(mask["proves"] for mask in answer["kept"])
    return "stripped" if is_bare else "defaced"


def _mask(answer: dict[str, Any]) -> KeptVoxels:
    slices, rows, columns = (int(one) for one in answer["shape"])
    row_step, column_step = (int(one) for one in answer["steps"])
    return KeptVoxels(
        bits=bytes(answer["bits"]),
        shape=(slices, rows, columns),
        steps=(row_step, column_step),
        proves=bool(answer["proves"]),
    )
