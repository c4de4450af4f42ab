"""What is done about the face in volumes that were taken in one position of the patient.

A mask that cannot be believed on one sequence may be believed on another one of the same
frame of reference: then that one is used, where it covers the brain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.brain_mask import BrainMask, Mask, below_skin, find_brain
from tumorscope.deid.pixels.face import FaceFinding, judge_outline
from tumorscope.deid.pixels.face_removal import remove_face
from tumorscope.deid.pixels.pixel_spec import BrainSpec, FaceRemoval
from tumorscope.domain.deid_spec import FaceRule
from tumorscope.domain.volume import Volume

FEWEST_SLICES = 3
"""Fewer slices make no surface of a face."""
HELD, FAILED = "face-held", "brain-mask-failed"
_HOW: dict[str, FaceRemoval] = {"remove": "strip", "deface": "deface"}
_LEAST_COVER = 0.99
_RIM_MM = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedVolume:
    """One volume and what became of its face.

    Attributes:
        n_slices: Slices.
        finding: Whether it may show a face.
        reason: Code why it must stay in quarantine; empty where it may go on.
        kept: Shape of the voxels, bool: what stays; None where nothing is cleared.
        proves: Whether nothing but brain stays.
        brain_ml: Of the mask; NaN where none was made.
        removed_ml: What was cleared of the head; NaN where nothing was.
        rim_ml: Tissue as bright as brain within 3 mm outside the mask: more brain than
            that was not cut off at its rim; NaN where none was made.
        is_borrowed: Whether the mask is that of another sequence.
    """

    n_slices: int
    finding: FaceFinding
    reason: str = ""
    kept: NDArray[np.bool_] | None = None
    proves: bool = False
    brain_ml: float = np.nan
    removed_ml: float = np.nan
    rim_ml: float = np.nan
    is_borrowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Masked:
    volume: Volume
    finding: FaceFinding
    mask: BrainMask
    is_borrowed: bool = False


def treat_volumes(volumes: Sequence[Volume], rule: FaceRule) -> list[TreatedVolume]:
    """Judge volumes, and remove what shows a face where the rule says so.

    Args:
        volumes: Of one frame of reference; left unchanged.
        rule: See `DeidSpec.faces`.

    Returns:
        What became of each.
    """
    findings = [_judge(one) for one in volumes]
    if rule not in _HOW:
        return [
            _held(one, finding, HELD if rule == "hold" else "")
            for one, finding in zip(volumes, findings, strict=True)
        ]
    spec = BrainSpec()
    masked = {
        number: _Masked(volume=one, finding=finding, mask=find_brain(one, spec))
        for number, (one, finding) in enumerate(zip(volumes, findings, strict=True))
        if finding.is_flagged
    }
    believed = [one for one in masked.values() if one.mask.has_passed]
    return [
        _remove(_borrow(masked[number], believed), spec, rule)
        if number in masked
        else _held(one, findings[number], "")
        for number, one in enumerate(volumes)
    ]


def treat_unplaced(n_slices: int, because: str, rule: FaceRule) -> TreatedVolume:
    """Return what becomes of frames that make no volume.

    Args:
        n_slices: How many.
        because: Why they make none.
        rule: See `DeidSpec.faces`.
    """
    if n_slices < FEWEST_SLICES:
        finding = _too_few(n_slices)
    else:
        finding = FaceFinding(
            verdict="may show a face", because=because, depth_mm=np.nan
        )
    must_hold = rule != "flag" and finding.is_flagged
    reason = HELD if must_hold else ""
    return TreatedVolume(n_slices=n_slices, finding=finding, reason=reason)


def _judge(volume: Volume) -> FaceFinding:
    n_slices = len(volume.voxels)
    return _too_few(n_slices) if n_slices < FEWEST_SLICES else judge_outline(volume)


def _too_few(n_slices: int) -> FaceFinding:
    because = f"{n_slices} slices make no surface"
    return FaceFinding(verdict="no volume", because=because, depth_mm=np.nan)


def _held(volume: Volume, finding: FaceFinding, reason: str) -> TreatedVolume:
    return TreatedVolume(
        n_slices=len(volume.voxels),
        finding=finding,
        reason=reason if finding.is_flagged else "",
    )


def _remove(one: _Masked, spec: BrainSpec, rule: FaceRule) -> TreatedVolume:
    done = remove_face(one.volume, one.mask, spec, _HOW[rule])
    if done.reason:
        return _held(one.volume, one.finding, done.reason)
    return TreatedVolume(
        n_slices=len(one.volume.voxels),
        finding=one.finding,
        kept=done.kept,
        proves=rule == "remove",
        brain_ml=one.mask.volume_ml,
        removed_ml=done.removed_ml,
        rim_ml=one.mask.rim_ml,
        is_borrowed=one.is_borrowed,
    )


def _borrow(one: _Masked, believed: Sequence[_Masked]) -> _Masked:
    """Return a volume with the first mask of another one that covers its brain."""
    if one.mask.has_passed:
        return one
    for other in believed:
        brain, covered = _carry(other, one.volume)
        own = one.mask.brain
        if own.any() and float(covered[own].mean()) >= _LEAST_COVER:
            mask = BrainMask(
                brain=brain & below_skin(one.volume, one.mask.head, BrainSpec()),
                head=one.mask.head,
                volume_ml=other.mask.volume_ml,
                solidity=other.mask.solidity,
                leak=other.mask.leak,
                rim_ml=other.mask.rim_ml,
                failures=(),
            )
            return _Masked(
                volume=one.volume, finding=one.finding, mask=mask, is_borrowed=True
            )
    return one


def _carry(source: _Masked, target: Volume) -> tuple[Mask, Mask]:
    """Return a mask on the grid of another volume, and where it could be known.

    Returns:
        Twice the shape of the target, bool: the nearest voxel of the source is in its
        mask; the source has a voxel there at all.
    """
    axes = np.stack(
        [
            source.volume.slice_step_mm,
            source.volume.row_step_mm,
            source.volume.column_step_mm,
        ]
    )
    back = np.linalg.inv(axes)
    shape = np.array(source.mask.brain.shape)
    _, rows, columns = target.voxels.shape
    flat = (np.arange(rows)[:, None, None] * target.row_step_mm) + np.arange(columns)[
        None, :, None
    ] * target.column_step_mm
    brain = np.zeros(target.voxels.shape, dtype=bool)
    covered = np.zeros(target.voxels.shape, dtype=bool)
    for number, origin in enumerate(target.origins_mm):
        points = flat + (origin - source.volume.origins_mm[0])  # (rows, columns, 3)
        places = np.rint(points @ back).astype(int)
        inside = ((places >= 0) & (places < shape)).all(axis=2)
        at = places[inside]
        covered[number] = inside
        brain[number][inside] = source.mask.brain[at[:, 0], at[:, 1], at[:, 2]]
    return brain, covered
