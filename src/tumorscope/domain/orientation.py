"""Which side is which: every volume is brought into one order before it is shown.

That order is the radiological convention for axial slices. Columns run to the patient's
**left**, rows to the **back**, slices to the top of the head: "LPS". The left half of a
picture is the patient's right, as if one looked from the feet.

Only axes are exchanged and reversed; no voxel is interpolated. An oblique volume keeps its
own slices and takes the nearest axes.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume, volume_from_affine

RADIOLOGICAL = "LPS"
"""Where columns, rows and slices grow to: left, posterior, superior."""
RADIOLOGICAL_WORDS = (
    "Slices are axial, in the radiological convention: the left half of a picture is "
    "the patient's right, its top is the front, and slice 0 is the lowest."
)
_LPS_AXIS_OF = (2, 1, 0)
"""Slices run along z, rows along y, columns along x."""
Plane = Literal["sagittal", "coronal", "axial"]
Side = Literal["left", "right", "both sides"]
PLANES: tuple[Plane, ...] = ("sagittal", "coronal", "axial")


def to_radiological(volume: Volume) -> Volume:
    """Return the same voxels as axial slices in the radiological convention.

    Args:
        volume: In any order of axes. Left unchanged.

    Returns:
        A volume whose columns run (nearest) to the left, rows to the back and slices to
        the top. Its voxels are a view.

    Raises:
        DataError: If slices that are not axial lie unevenly, so that they cannot be cut
            across.
    """
    order = nearest_axes(volume)
    if order[0] != 0:
        volume = _cut_across(volume, order)
    elif order[1] == 2:
        volume = Volume(
            voxels=volume.voxels.swapaxes(1, 2),
            origins_mm=volume.origins_mm,
            row_step_mm=volume.column_step_mm,
            column_step_mm=volume.row_step_mm,
        )
    return _point_all_upwards(volume)


def nearest_axes(volume: Volume) -> tuple[int, int, int]:
    """Return which axes of the array become slices, rows and columns."""
    steps = (volume.slice_step_mm, volume.row_step_mm, volume.column_step_mm)
    unit = np.array([step / np.linalg.norm(step) for step in steps])  # (axis, lps)

    def agreement(order: tuple[int, ...]) -> float:
        pairs = zip(order, _LPS_AXIS_OF, strict=True)
        return float(sum(abs(unit[axis, lps]) for axis, lps in pairs))

    slices, rows, columns = max(permutations(range(3)), key=agreement)
    return slices, rows, columns


def acquired_plane(volume: Volume) -> Plane:
    """Return the plane that the slices of a volume are nearest to."""
    return PLANES[int(np.argmax(np.abs(volume.normal)))]


def obliquity_degrees(volume: Volume) -> float:
    """Return the largest angle between an axis of a volume and the patient's axis."""
    order = nearest_axes(volume)
    steps = (volume.normal, volume.row_step_mm, volume.column_step_mm)
    cosines = [
        abs(float(steps[axis][lps])) / float(np.linalg.norm(steps[axis]))
        for axis, lps in zip(order, _LPS_AXIS_OF, strict=True)
    ]
    return float(np.degrees(np.arccos(np.clip(min(cosines), 0, 1))))


def side_of(mask: NDArray[np.bool_]) -> Side | None:
    """Return the patient's side of a region in a slice of the radiological convention.

    Args:
        mask: Shape (rows, columns), bool.

    Returns:
        "left" or "right" where more than nine tenths of the region lie in that half of
        the picture; "both sides" otherwise; None for an empty region.
    """
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size == 0:
        return None
    weights = mask.sum(axis=0)
    middle = (mask.shape[1] - 1) / 2
    share_left = float(weights[np.arange(mask.shape[1]) > middle].sum() / weights.sum())
    if share_left > 0.9:
        return "left"
    return "right" if share_left < 0.1 else "both sides"


def _cut_across(volume: Volume, order: tuple[int, int, int]) -> Volume:
    if not volume.is_even:
        raise DataError(
            f"{acquired_plane(volume)} slices at uneven distances cannot be shown as "
            "axial ones"
        )
    steps = (volume.slice_step_mm, volume.row_step_mm, volume.column_step_mm)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([steps[axis] for axis in order], axis=1)
    affine[:3, 3] = volume.origins_mm[0]
    return volume_from_affine(volume.voxels.transpose(order), affine)


def _point_all_upwards(volume: Volume) -> Volume:
    """Reverse each axis that runs to the right, the front or the feet."""
    voxels: NDArray[Any] = volume.voxels
    origins, row, column = volume.origins_mm, volume.row_step_mm, volume.column_step_mm
    if volume.slice_step_mm[2] < 0:
        voxels, origins = voxels[::-1], origins[::-1]
    if row[1] < 0:
        voxels, origins = voxels[:, ::-1], origins + (voxels.shape[1] - 1) * row
        row = -row
    if column[0] < 0:
        voxels, origins = voxels[:, :, ::-1], origins + (voxels.shape[2] - 1) * column
        column = -column
    return Volume(
        voxels=voxels, origins_mm=origins, row_step_mm=row, column_step_mm=column
    )
