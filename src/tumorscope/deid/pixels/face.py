"""Whether a head volume may show a face.

A face can be drawn from skin surface alone. Eyes lie about 90 mm below the top of the
head in adults, and the bridge of the nose above them: so a volume is taken to show no
face in three cases only, and may show one in all others: it ends above the eyes, it was
stripped before, or it is a map of labels that is smaller than a head. Nothing is learned,
and nothing is recognized.

References:
    Schwarz et al., NeuroImage 231 (2021) 117845: faces drawn from MRI, matched to photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.pixels.brain_mask import BrainMask, Mask, find_head, why_unfit
from tumorscope.deid.pixels.stripped import is_label_map, is_stripped
from tumorscope.domain.orientation import to_radiological
from tumorscope.domain.volume import Volume

FaceVerdict = Literal["shows a face", "may show a face", "no face", "no volume"]
BROW_MM = 70.0
"""Depth below the top of the head that is surely above the eyes, in small heads too."""
FACE_MM = 100.0
"""Depth from which nose and cheeks are expected."""
_TOP_SHARE = 0.35
"""The top of the head is in the volume if its highest section has at most this share of
the largest one's area."""
_FRONT_MM = 8.0
_OUTLINE_MM = 4.0
"""Spacing at which the outline of a head is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFinding:
    """What was concluded, and why.

    Attributes:
        verdict: "no face" only where it was shown; "may show a face" in doubt; "no
            volume" for too few slices to make a surface.
        because: The reason, in words.
        depth_mm: From the top of the head to the lowest slice; NaN where the top is not
            in the volume.
    """

    verdict: FaceVerdict
    because: str
    depth_mm: float

    @property
    def is_flagged(self) -> bool:
        """Whether a face may be seen."""
        return self.verdict in {"shows a face", "may show a face"}


def judge_outline(volume: Volume) -> FaceFinding:
    """Judge without a brain mask: fast, and "may show a face" where that would be needed.

    Args:
        volume: A head, any orientation.
    """
    problem = why_unfit(volume)
    if problem:
        return _in_doubt(problem, np.nan)
    return _bare(volume) or _judge_head(volume, find_head(volume, _OUTLINE_MM), None)


def judge_face(volume: Volume, mask: BrainMask) -> FaceFinding:
    """Judge whether facial anatomy lies in a volume.

    Args:
        volume: A head at even distances, any orientation.
        mask: Its brain and head.

    Returns:
        The verdict. A mask that failed never gives "no face" on its own account.
    """
    if not mask.head.any():
        return _in_doubt("no head was found", np.nan)
    return _bare(volume) or _judge_head(volume, mask.head, mask)


def _bare(volume: Volume) -> FaceFinding | None:
    """Return that there is no face where nothing but brain or labels was left."""
    if is_label_map(volume):
        because = "a map of labels that is smaller than a head"
        return FaceFinding(verdict="no face", because=because, depth_mm=np.nan)
    if is_stripped(volume):
        because = "nothing but brain was left before"
        return FaceFinding(verdict="no face", because=because, depth_mm=np.nan)
    return None


def _judge_head(volume: Volume, outline: Mask, mask: BrainMask | None) -> FaceFinding:
    if not outline.any():
        return _in_doubt("no head was found", np.nan)
    head = _upright(volume, outline)
    depth_mm = _depth_below_top(head)
    if np.isnan(depth_mm):
        return _in_doubt("the top of the head is not in the volume", depth_mm)
    if depth_mm < BROW_MM:
        because = f"ends {depth_mm:.0f} mm below the top of the head, above the eyes"
        return FaceFinding(verdict="no face", because=because, depth_mm=depth_mm)
    is_sure = mask is not None and mask.has_passed and depth_mm >= FACE_MM
    if is_sure and mask and _has_front(head, _upright(volume, mask.brain)):
        because = f"tissue in front of the brain, {depth_mm:.0f} mm below the top"
        return FaceFinding(verdict="shows a face", because=because, depth_mm=depth_mm)
    return _in_doubt(f"reaches {depth_mm:.0f} mm below the top of the head", depth_mm)


def _in_doubt(because: str, depth_mm: float) -> FaceFinding:
    return FaceFinding(verdict="may show a face", because=because, depth_mm=depth_mm)


def _upright(volume: Volume, mask: NDArray[np.bool_]) -> Volume:
    """Return a mask as axial slices, lowest first, front at the top."""
    return to_radiological(
        Volume(
            voxels=mask,
            origins_mm=volume.origins_mm,
            row_step_mm=volume.row_step_mm,
            column_step_mm=volume.column_step_mm,
        )
    )


def _depth_below_top(head: Volume) -> float:
    """Return the distance from the top of the head to the lowest slice; NaN without."""
    areas = head.voxels.sum(axis=(1, 2))
    occupied = np.flatnonzero(areas)
    is_inside = occupied[-1] < len(areas) - 1
    if not is_inside and areas[-1] > _TOP_SHARE * areas.max():
        return np.nan
    step_mm = float(np.linalg.norm(head.slice_step_mm))
    return float((occupied[-1] - occupied[0]) * step_mm)


def _has_front(head: Volume, brain: Volume) -> bool:
    """Return whether low slices hold tissue before the front of the brain."""
    step_mm = float(np.linalg.norm(head.slice_step_mm))
    top = int(np.flatnonzero(head.voxels.any(axis=(1, 2)))[-1])
    low = head.voxels[: max(top - round(FACE_MM / step_mm), 0) + 1]
    front = int(np.flatnonzero(brain.voxels.any(axis=(0, 2)))[0])
    reach = front - round(_FRONT_MM / head.spacing_mm[0])
    return reach > 0 and bool(low[:, :reach].any())
