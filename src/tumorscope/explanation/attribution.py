"""An attribution: how far each pixel moved the score, on the grid of the image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.preprocessing import CropBox


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """One map for one slice.

    Pixels that moved the score are no segmentation: the lesion may lie elsewhere.

    Attributes:
        image: Name of the slice, as the manifest has it.
        method: What made the map, e.g. "cam" or "brightness".
        map: Shape (height, width), float32, finite, on the grid of the original image.
            Where `signed`, positive moved the score towards tumor, in logit units that
            differ between methods.
        tumor_probability: The model's score for the slice, in [0, 1].
        signed: Whether zero is neutral and the sign has a meaning; False for maps that
            only rank pixels, such as brightness.
        seen: Shape (height, width), bool, not empty: where the map was computed rather
            than filled in, see `seen_pixels`; None means everywhere.

    Raises:
        DataError: If the map is no finite float32 picture, the score no probability, or
            `seen` has another shape.
    """

    image: str
    method: str
    map: NDArray[np.float32]
    tumor_probability: float
    signed: bool = True
    seen: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Refuse a map or a score that cannot be drawn or judged."""
        where = f"{self.method} of {self.image}"
        if self.map.ndim != 2 or self.map.size == 0 or self.map.dtype != np.float32:
            raise DataError(
                f"{where}: a map has shape (height, width) and dtype float32; found "
                f"{self.map.shape} and {self.map.dtype}"
            )
        if not np.isfinite(self.map).all():
            raise DataError(
                f"{where}: the map has values that are not finite; check the network's "
                "weights and the slice's pixels"
            )
        if not 0 <= self.tumor_probability <= 1:
            raise DataError(
                f"{where}: tumor_probability {self.tumor_probability:g} is not in [0, 1]"
            )
        if self.seen is not None and (
            self.seen.shape != self.map.shape or not self.seen.any()
        ):
            raise DataError(
                f"{where}: `seen` must mark pixels of a map of shape {self.map.shape}; "
                f"found shape {self.seen.shape} with {int(self.seen.sum())} pixels"
            )


def to_original_grid(
    attribution_map: NDArray[np.float32],
    box: CropBox,
    height_px: int,
    width_px: int,
) -> NDArray[np.float32]:
    """Bring a map from the network's input back to the pixels of the image.

    Args:
        attribution_map: Shape (size, size), float32: the square that the network saw.
        box: Where that square lies in the image; it may reach outside.
        height_px: Height of the image.
        width_px: Width of the image.

    Returns:
        Shape (height_px, width_px), float32, resampled bilinearly (half-pixel centers).
        Pixels outside the square take the smallest value of the map, so that they are
        never its maximum; parts of the square outside the image are dropped. The input
        is left unchanged.

    Raises:
        DataError: If the map is no square, a size is not positive, or the square does
            not touch the image.
    """
    rows, columns = overlap(box, height_px, width_px)
    if attribution_map.ndim != 2 or len(set(attribution_map.shape)) != 1:
        raise DataError(
            f"the map of a square input has shape (size, size); found "
            f"{attribution_map.shape}"
        )
    resized = cv2.resize(
        attribution_map.astype(np.float32, copy=False),
        (box.side_px, box.side_px),
        interpolation=cv2.INTER_LINEAR,
    )  # (side, side)
    on_grid = np.full((height_px, width_px), attribution_map.min(), dtype=np.float32)
    on_grid[rows, columns] = resized[
        rows.start - box.top_px : rows.stop - box.top_px,
        columns.start - box.left_px : columns.stop - box.left_px,
    ]
    return on_grid


def seen_pixels(box: CropBox, height_px: int, width_px: int) -> NDArray[np.bool_]:
    """Return which pixels of the image the network saw.

    Args:
        box: The square that was cut out of the image.
        height_px: Height of the image.
        width_px: Width of the image.

    Returns:
        Shape (height_px, width_px), bool.

    Raises:
        DataError: If the square does not touch the image.
    """
    seen = np.zeros((height_px, width_px), dtype=np.bool_)
    seen[overlap(box, height_px, width_px)] = True
    return seen


def overlap(box: CropBox, height_px: int, width_px: int) -> tuple[slice, slice]:
    """Return the rows and the columns of the image that a square covers.

    Args:
        box: The square; it may reach outside the image.
        height_px: Height of the image.
        width_px: Width of the image.

    Raises:
        DataError: If the square does not touch the image.
    """
    rows = slice(max(box.top_px, 0), min(box.top_px + box.side_px, height_px))
    columns = slice(max(box.left_px, 0), min(box.left_px + box.side_px, width_px))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise DataError(
            f"the square at row {box.top_px}, column {box.left_px} with side "
            f"{box.side_px} does not touch an image of {height_px} x {width_px} pixels: "
            "give the box and the size of the same slice"
        )
    return rows, columns
