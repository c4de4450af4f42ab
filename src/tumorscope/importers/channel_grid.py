"""Brings the series of a study onto one grid, and pixels to squares.

Series of one examination share the scanner's coordinates. A voxel is found there by its
position in mm; nothing is registered, so a patient who moved between two series is moved
in the channels too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume

MIN_COVERAGE = 0.8
"""Share of the reference's voxels that another series must reach."""
MAX_PIXEL_RATIO = 2.0
"""Longer voxels make axial pictures that a network never saw."""
_SQUARE_RATIO = 1.02
_SAME_GRID_SHARE = 0.02


def is_same_grid(one: Volume, other: Volume) -> bool:
    """Return whether voxels of two volumes lie at the same places, within 2 %."""
    if one.voxels.shape != other.voxels.shape:
        return False
    tolerance = _SAME_GRID_SHARE * min(one.spacing_mm)
    rows, columns = one.voxels.shape[1:]
    far = (rows - 1) * (one.row_step_mm - other.row_step_mm) + (columns - 1) * (
        one.column_step_mm - other.column_step_mm
    )
    apart = np.abs(one.origins_mm - other.origins_mm).max()
    return bool(apart < tolerance and np.abs(far).max() < tolerance)


def resample(moving: Volume, reference: Volume) -> Volume:
    """Return a volume on the grid of another one, by linear interpolation.

    Args:
        moving: Any orientation; its slices may lie unevenly.
        reference: Whose grid is wanted.

    Returns:
        A volume of the reference's shape, float32; 0 outside of the moving one.

    Raises:
        DataError: If the moving volume covers too little of the reference.
    """
    count, rows, columns = reference.voxels.shape
    found = np.empty((count, rows, columns), dtype=np.float32)
    voxels = moving.voxels.astype(np.float32)
    covered = 0
    for index in range(count):
        places = _places_in(moving, reference, index)  # (3, rows, columns)
        sides = np.array(voxels.shape)[:, None, None] - 1
        covered += int(((places >= -0.5) & (places <= sides + 0.5)).all(axis=0).sum())
        found[index] = map_coordinates(
            voxels, places, order=1, mode="grid-constant", cval=0.0, prefilter=False
        )
    share = covered / found.size
    if share < MIN_COVERAGE:
        raise DataError(f"covers {100 * share:.0f} % of the other series only")
    return replace(reference, voxels=found)


def square_pixels(volume: Volume, *, is_mask: bool = False) -> Volume:
    """Return a volume whose pixels are squares, as pictures show them.

    Args:
        volume: Any; left unchanged.
        is_mask: Whether values are labels, which are not mixed.

    Returns:
        The same volume where pixels are squares already, within 2 %.

    Raises:
        DataError: If pixels are longer than twice their width.
    """
    row_mm, column_mm = volume.spacing_mm
    if max(row_mm, column_mm) > MAX_PIXEL_RATIO * min(row_mm, column_mm):
        raise DataError(
            f"its voxels measure {row_mm:.1f} x {column_mm:.1f} mm in axial slices: too "
            "long for a picture"
        )
    if max(row_mm, column_mm) <= _SQUARE_RATIO * min(row_mm, column_mm):
        return volume
    side_mm = min(row_mm, column_mm)
    rows, columns = volume.voxels.shape[1:]
    height, width = round(rows * row_mm / side_mm), round(columns * column_mm / side_mm)
    method = cv2.INTER_NEAREST_EXACT if is_mask else cv2.INTER_LINEAR
    resized = [
        cv2.resize(np.ascontiguousarray(one), (width, height), interpolation=method)
        for one in volume.voxels
    ]
    row_step = volume.row_step_mm * rows / height
    column_step = volume.column_step_mm * columns / width
    # The outer borders stay: the first center moves by half the change of a pixel.
    shift = (row_step - volume.row_step_mm + column_step - volume.column_step_mm) / 2
    return Volume(
        voxels=np.stack(resized),
        origins_mm=volume.origins_mm + shift,
        row_step_mm=row_step,
        column_step_mm=column_step,
    )


def _places_in(moving: Volume, reference: Volume, index: int) -> NDArray[Any]:
    """Return where the pixels of a slice lie in another volume, in its indices."""
    rows, columns = reference.voxels.shape[1:]
    row, column = np.mgrid[:rows, :columns].astype(np.float64)
    points = (
        reference.origins_mm[index][:, None, None]
        + reference.row_step_mm[:, None, None] * row
        + reference.column_step_mm[:, None, None] * column
    )  # (3, rows, columns)
    positions = moving.positions_mm
    across = np.tensordot(moving.normal, points, axes=1)
    slices = _index_along(positions, across)
    whole = np.clip(np.rint(slices), 0, len(positions) - 1).astype(np.int64)
    away = points - np.moveaxis(moving.origins_mm[whole], -1, 0)
    return np.stack(
        [
            slices,
            np.tensordot(moving.row_step_mm, away, axes=1) / moving.spacing_mm[0] ** 2,
            np.tensordot(moving.column_step_mm, away, axes=1)
            / moving.spacing_mm[1] ** 2,
        ]
    )


def _index_along(
    positions: NDArray[np.float64], across: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return fractional slice numbers, beyond the ends by the step that is there."""
    if len(positions) == 1:
        return across - positions[0]
    numbers = np.interp(across, positions, np.arange(len(positions), dtype=np.float64))
    first, last = positions[1] - positions[0], positions[-1] - positions[-2]
    below = np.minimum((across - positions[0]) / first, 0.0)
    above = np.maximum((across - positions[-1]) / last, 0.0)
    return numbers + below + above
