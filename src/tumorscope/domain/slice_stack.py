"""Slices of a study as pictures: what the network, the store and the pages take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.orientation import RADIOLOGICAL
from tumorscope.domain.study import SeriesFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStack:
    """Axial slices in the radiological convention, one channel for each sequence.

    Attributes:
        facts: Of the series whose grid the slices have.
        sequences: What the channels show, one name or three.
        pixels: Shape (slices, rows, columns) or (slices, rows, columns, 3), uint16, from
            0 (background) to 65535; one window for each series, the same in every slice.
        masks: Shape (slices, rows, columns), bool: the lesion; None where unknown.
        has_content: Shape (slices,), bool: False for slices that show almost nothing.
        positions_mm: Shape (slices,): position along the normal, growing to the top.
        spacing_mm: Between rows, between columns; equal, as pixels are square.
        origins_mm: Shape (slices, 3), LPS: center of the first pixel of each slice.
        row_step_mm: Shape (3,), LPS: from a pixel to the one in the next row.
        column_step_mm: Shape (3,), LPS: from a pixel to the one in the next column.
        left_out: Series of this study that are not used, and damaged files.
        notes: What a reader must know.
    """

    facts: SeriesFacts
    sequences: tuple[str, ...]
    pixels: NDArray[np.uint16]
    masks: NDArray[np.bool_] | None
    has_content: NDArray[np.bool_]
    positions_mm: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    origins_mm: NDArray[np.float64]
    row_step_mm: NDArray[np.float64]
    column_step_mm: NDArray[np.float64]
    left_out: tuple[LeftOutScan, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        count = len(self.pixels)
        lengths = {count, len(self.has_content), len(self.positions_mm)}
        lengths.add(len(self.origins_mm))
        if self.masks is not None and self.masks.shape != self.pixels.shape[:3]:
            raise DataError("the lesion mask has another grid than the scan")
        if len(lengths) != 1 or self.pixels.ndim not in (3, 4):
            raise DataError("slices, positions and pixels differ in number")

    @property
    def orientation(self) -> str:
        """Where columns, rows and slices grow to: "LPS", the radiological convention."""
        return RADIOLOGICAL

    def picture(self, index: int) -> NDArray[Any]:
        """Return one slice. Shape (rows, columns) or (rows, columns, 3), uint16."""
        return self.pixels[index]
