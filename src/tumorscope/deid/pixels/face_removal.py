"""Two ways to take the face away, both by the brain mask: stripping and defacing.

Stripping leaves the mask and nothing else. Defacing cuts along a plane that runs from
ear to ear below and before the brain; skull and scalp above stay, and so does whatever
else they tell.

Neither makes a scan anonymous: brains alone have been linked across data sets.

References:
    Schimke and Hale, "Quickshear defacing for neuroimages", HealthSec 2011.
    arXiv 2602.10043: skull-stripped scans linked across data sets.
    DICOM PS3.15, E.3.2 (Clean Recognizable Visual Features), CID 7050 code 113102.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.brain_mask import BrainMask
from tumorscope.deid.pixels.finding import CLEAN_VISUAL_FEATURES
from tumorscope.deid.pixels.pixel_spec import BrainSpec, FaceRemoval
from tumorscope.domain.volume import Volume

_ANGLES_DEGREES = np.arange(20.0, 71.0, 5.0)
"""Directions below straight ahead in which the face is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedFace:
    """A volume without face, or the reason why there is none.

    Attributes:
        reason: Code why the volume must stay in quarantine; empty where it may go on.
        voxels: Shape and type of the input; the input's own where `reason` is set.
        kept: Shape (slices, rows, columns), bool: voxels that were not cleared.
        removed_ml: Of the head, what was cleared.
        codes: Of CID 7050: 113102 where the mask passed and something was cleared.
    """

    reason: str
    voxels: NDArray[Any]
    kept: NDArray[np.bool_]
    removed_ml: float = 0.0
    codes: tuple[str, ...] = ()


def remove_face(
    volume: Volume, mask: BrainMask, spec: BrainSpec, how: FaceRemoval
) -> RemovedFace:
    """Strip or deface a volume, as wanted.

    Args:
        volume: The head; left unchanged.
        mask: Its brain.
        spec: Settings.
        how: "strip" or "deface".
    """
    if how == "strip":
        return strip_skull(volume, mask)
    return deface_head(volume, mask, spec)


def strip_skull(volume: Volume, mask: BrainMask) -> RemovedFace:
    """Set all that is not in the brain mask to the background.

    Args:
        volume: The head; left unchanged.
        mask: Its brain. One that failed gives "brain-mask-failed", and nothing is done.
    """
    return _keep(volume, mask, mask.brain)


def deface_head(volume: Volume, mask: BrainMask, spec: BrainSpec) -> RemovedFace:
    """Set what lies before and below the brain to the background.

    The plane touches the brain at a distance, so that no voxel of the mask can be cut. Of several angles the one is taken that removes most of the head.

    Args:
        volume: The head; left unchanged.
        mask: Its brain. One that failed gives "brain-mask-failed", and nothing is done.
        spec: Settings; `deface_margin_mm` is the distance.
    """
    if not mask.has_passed:
        return _keep(volume, mask, mask.brain)
    best: NDArray[np.bool_] = np.ones(volume.voxels.shape, dtype=bool)
    fewest = int(mask.head.sum())
    for degrees in np.radians(_ANGLES_DEGREES):
        # LPS: the front is -y, the feet are -z.
        ahead = np.array([0.0, -np.cos(degrees), -np.sin(degrees)])
        along_mm = _along(volume, ahead)
        limit_mm = float(along_mm[mask.brain].max()) + spec.deface_margin_mm
        kept = along_mm <= limit_mm
        n_left = int((kept & mask.head).sum())
        if n_left < fewest:
            best, fewest = kept, n_left
    return _keep(volume, mask, best)


def _keep(volume: Volume, mask: BrainMask, kept: NDArray[np.bool_]) -> RemovedFace:
    if not mask.has_passed:
        return _refuse(volume, "brain-mask-failed")
    cleared = mask.head & ~kept
    if not cleared.any():
        return _refuse(volume, "nothing-to-remove")
    voxels = volume.voxels.copy()
    voxels[~kept] = volume.voxels.min()
    size_mm3 = float(np.linalg.norm(volume.slice_step_mm) * np.prod(volume.spacing_mm))
    return RemovedFace(
        reason="",
        voxels=voxels,
        kept=kept,
        removed_ml=float(cleared.sum() * size_mm3 / 1000),
        codes=(CLEAN_VISUAL_FEATURES,),
    )


def _refuse(volume: Volume, reason: str) -> RemovedFace:
    everything = np.ones(volume.voxels.shape, dtype=bool)
    return RemovedFace(reason=reason, voxels=volume.voxels, kept=everything)


def _along(volume: Volume, direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each voxel lies along a direction. Shape of the voxels, mm."""
    _, rows, columns = volume.voxels.shape
    return (
        (volume.origins_mm @ direction)[:, None, None]
        + (np.arange(rows) * float(volume.row_step_mm @ direction))[None, :, None]
        + (np.arange(columns) * float(volume.column_step_mm @ direction))[None, None]
    )
