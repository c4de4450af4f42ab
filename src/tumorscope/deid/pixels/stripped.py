"""Whether a volume was stripped before, or is no picture but a map of labels.

Whoever strips a brain sets the rest to one value. What is left is as large as a brain,
and its rim is tissue: a head has bright scalp, and dark bone below it, before the brain
begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.domain.volume import Volume

_LEAST_BACKGROUND = 0.25
"""Share of the volume that has exactly one value."""
_BRAIN_ML = (400.0, 2000.0)
"""Volume of a brain with its fluid; a head down to the eyes has 2,500 ml in adults."""
_RIM_MM = np.array([3.0, 6.0, 9.0, 12.0, 15.0, 18.0])
_DEEP_MM = (20.0, 30.0)
_EVEN = (0.7, 1.4)
"""Middle intensity at each depth of the rim, as a share of the intensity deep inside.
Bone lies below 0.7 of it, fat above 1.4; of stripped BraTS volumes the rim has 0.84 to
1.06."""
_LABELS = 16
_LABELS_ML = 600.0
"""A filled head has some liters; lesions have less."""


def is_label_map(volume: Volume) -> bool:
    """Return whether a volume holds few whole numbers, over less room than a head.

    Args:
        volume: Any volume; left unchanged.
    """
    voxels = volume.voxels
    if voxels.dtype.kind == "f" and not bool((voxels == np.rint(voxels)).all()):
        return False
    background = _background(voxels)
    inside = voxels != background
    if float(inside.sum() * _voxel_ml(volume)) >= _LABELS_ML:
        return False
    return len(np.unique(voxels[inside])) < _LABELS


def is_stripped(volume: Volume) -> bool:
    """Return whether nothing but brain is left in a volume.

    Args:
        volume: A volume at even distances; left unchanged.
    """
    inside = volume.voxels != _background(volume.voxels)
    if float(inside.mean()) > 1 - _LEAST_BACKGROUND:
        return False
    filled = np.stack([ndimage.binary_fill_holes(one) for one in inside])
    low_ml, high_ml = _BRAIN_ML
    if not low_ml <= float(filled.sum() * _voxel_ml(volume)) <= high_ml:
        return False
    rim = _rim_profile(volume, filled)
    low, high = _EVEN
    # NaN, where a depth has no voxel, is no proof.
    return bool(((rim >= low) & (rim <= high)).all())


def _rim_profile(
    volume: Volume, inside: NDArray[np.bool_]
) -> NDArray[np.floating[Any]]:
    """Return the middle intensity at each depth of the rim, relative to that inside."""
    sampling = (float(np.linalg.norm(volume.slice_step_mm)), *volume.spacing_mm)
    # The border of the volume is no surface: what goes on there was not cut by anyone.
    padded = np.pad(inside, 1, mode="edge")
    depth = ndimage.distance_transform_edt(padded, sampling=sampling)
    depth = np.asarray(depth)[1:-1, 1:-1, 1:-1]
    voxels = volume.voxels.astype(np.float32) - np.float32(_background(volume.voxels))

    def middle(low: float, high: float) -> float:
        chosen = voxels[(depth > low) & (depth <= high)]
        return float(np.median(chosen)) if chosen.size else np.nan

    deep = middle(*_DEEP_MM)
    found = [middle(low, low + 3.0) for low in _RIM_MM[:-1]]
    return np.array(found) / deep if deep > 0 else np.full(len(found), np.nan)


def _background(voxels: NDArray[Any]) -> Any:
    """Return the value of the corner that most corners have."""
    corners = voxels[np.ix_(*(((0, -1),) * 3))].ravel()
    values, counts = np.unique(corners, return_counts=True)
    return values[int(np.argmax(counts))]


def _voxel_ml(volume: Volume) -> float:
    step_mm = float(np.linalg.norm(volume.slice_step_mm))
    return step_mm * float(np.prod(volume.spacing_mm)) / 1000
