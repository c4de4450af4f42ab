"""What runs in the sandboxed child to judge and remove faces: files in, answers out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tumorscope.deid.elements import MalformedFileError, text_of
from tumorscope.deid.nifti_voxels import read_voxels
from tumorscope.deid.pixels.head_files import (
    TreatedFiles,
    read_coarse_frames,
    treat_files,
)
from tumorscope.deid.pixels.head_stacks import FINE_MM, QUICK_MM, CoarseFrame
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.series_faces import TreatedVolume, treat_volumes
from tumorscope.domain.deid_spec import FaceRule
from tumorscope.io.decompression import read_plain
from tumorscope.io.scan_files import ScanFile, read_content

_SERIES_UID = 0x0020000E


def treat_series(files: Sequence[ScanFile], rule: FaceRule) -> list[dict[str, Any]]:
    """Judge DICOM files of one frame of reference.

    A file whose pixels cannot be read is in no answer: it is refused in its own turn.

    Args:
        files: In the order of the answers' numbers.
        rule: See `DeidSpec.faces`.

    Returns:
        For each volume what `face_answer` reads.
    """
    coarse_mm = FINE_MM if rule in {"remove", "deface"} else QUICK_MM
    series: dict[str, list[CoarseFrame]] = {}
    for number, file in enumerate(files):
        try:
            read = read_plain(read_content(file), file)
            order = "big" if read.encoding.is_big_endian else "little"
            frames = read_coarse_frames(
                read.elements, order, number, coarse_mm=coarse_mm
            )
        except MalformedFileError:
            continue
        series.setdefault(text_of(read.elements, _SERIES_UID), []).extend(frames)
    return [_answer(one) for one in treat_files(series.values(), rule)]


def treat_nifti(files: Sequence[ScanFile], rule: FaceRule) -> list[dict[str, Any]]:
    """Judge one NIfTI file, as `treat_series` does.

    Args:
        files: The one file.
        rule: See `DeidSpec.faces`.
    """
    try:
        found = read_voxels(read_content(files[0]))
    except MalformedFileError:
        return []
    outcome = treat_volumes([found.volume], rule)[0]
    kept = {}
    if outcome.kept is not None:
        kept[0] = KeptVoxels.from_blocks(outcome.kept, (1, 1), proves=outcome.proves)
    return [_answer(TreatedFiles(files=(0,), outcome=outcome, kept=kept))]


def _answer(one: TreatedFiles) -> dict[str, Any]:
    return {
        "files": list(one.files),
        **_facts(one.outcome),
        "kept": [
            {
                "file": file,
                "bits": kept.bits,
                "shape": list(kept.shape),
                "steps": list(kept.steps),
                "proves": kept.proves,
            }
            for file, kept in one.kept.items()
        ],
    }


def _facts(outcome: TreatedVolume) -> dict[str, Any]:
    return {
        "n_slices": outcome.n_slices,
        "verdict": outcome.finding.verdict,
        "because": outcome.finding.because,
        "reason": outcome.reason,
        "is_borrowed": outcome.is_borrowed,
        "brain_ml": _number(outcome.brain_ml),
        "removed_ml": _number(outcome.removed_ml),
        "rim_ml": _number(outcome.rim_ml),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
