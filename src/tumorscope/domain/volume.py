"""A volume: parallel slices of one series, and where they lie in the patient.

Coordinates are those of DICOM (PS3.3 C.7.6.2.1.1), in mm: x grows to the patient's
**L**eft, y to the **P**osterior, z to the head (**S**uperior), "LPS" for short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

_LARGEST_MM = 10_000.0
_SMALLEST_STEP_MM = 0.01
_MAX_SHEAR = 0.05
"""Cosine between rows and columns; 0 is a right angle, scanners are within 1e-4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Slices of one series, in their order along the head.

    Attributes:
        voxels: Shape (slices, rows, columns), any real number type; the unit of MRI
            intensities is arbitrary.
        origins_mm: Shape (slices, 3), LPS: center of the first pixel of each slice.
        row_step_mm: Shape (3,), LPS: from a pixel to the one in the next row.
        column_step_mm: Shape (3,), LPS: from a pixel to the one in the next column.

    Raises:
        DataError: If shapes differ, or the geometry cannot be that of a scan.
    """

    voxels: NDArray[Any]
    origins_mm: NDArray[np.float64]
    row_step_mm: NDArray[np.float64]
    column_step_mm: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse a geometry that no scanner has."""
        if self.voxels.ndim != 3 or 0 in self.voxels.shape:
            raise DataError(f"a volume has three axes; found {self.voxels.shape}")
        if self.origins_mm.shape != (len(self.voxels), 3):
            raise DataError("a volume needs one position for each slice")
        numbers = [self.origins_mm.ravel(), self.row_step_mm, self.column_step_mm]
        if not bool((np.abs(np.concatenate(numbers)) < _LARGEST_MM).all()):
            raise DataError("positions that are no numbers, or outside of any scanner")
        row, column = self.spacing_mm
        if min(row, column) < _SMALLEST_STEP_MM:
            raise DataError("pixels without size")
        shear = abs(float(self.row_step_mm @ self.column_step_mm)) / (row * column)
        if shear > _MAX_SHEAR:
            raise DataError("rows and columns are not at a right angle")

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Distance between the centers of adjacent rows, and of adjacent columns."""
        return (
            float(np.linalg.norm(self.row_step_mm)),
            float(np.linalg.norm(self.column_step_mm)),
        )

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector across the slices, LPS, in the order of the slices. Shape (3,)."""
        across = np.cross(self.column_step_mm, self.row_step_mm)
        across = across / np.linalg.norm(across)
        backwards = float((self.origins_mm[-1] - self.origins_mm[0]) @ across) < 0
        return -across if backwards else across

    @property
    def positions_mm(self) -> NDArray[np.float64]:
        """Shape (slices,): position of each slice along the normal."""
        return self.origins_mm @ self.normal

    @property
    def slice_step_mm(self) -> NDArray[np.float64]:
        """Shape (3,), LPS: mean step from slice to slice; 1 mm for a single slice."""
        if len(self.voxels) == 1:
            return self.normal
        whole = self.origins_mm[-1] - self.origins_mm[0]
        return whole / (len(self.voxels) - 1)

    @property
    def is_even(self) -> bool:
        """Whether the slices lie at equal distances on a straight line, within 2 %."""
        step = self.slice_step_mm
        count = np.arange(len(self.voxels))[:, None]
        off = np.abs(self.origins_mm - (self.origins_mm[0] + count * step))
        return bool(off.max() <= 0.02 * np.linalg.norm(step) + 1e-3)


def volume_from_affine(voxels: NDArray[Any], affine_mm: NDArray[np.float64]) -> Volume:
    """Return the volume of an array and its affine.

    Args:
        voxels: Shape (n, rows, columns).
        affine_mm: Shape (4, 4): from the indices of the three axes to LPS.

    Raises:
        DataError: If the affine cannot be that of a scan.
    """
    if affine_mm.shape != (4, 4) or not bool(np.isfinite(affine_mm).all()):
        raise DataError("an affine that holds no numbers")
    step, row, column, origin = (affine_mm[:3, axis] for axis in range(4))
    lengths = np.linalg.norm([step, row, column], axis=1)
    if float(lengths.min()) < _SMALLEST_STEP_MM:
        raise DataError("an affine with an axis without length")
    unit = np.array([step, row, column]) / lengths[:, None]
    if abs(float(np.linalg.det(unit))) < 1 - 2 * _MAX_SHEAR:
        raise DataError("an affine whose axes are not at right angles")
    count = np.arange(len(voxels))[:, None]
    return Volume(
        voxels=voxels,
        origins_mm=origin + count * step,
        row_step_mm=row.copy(),
        column_step_mm=column.copy(),
    )
