"""From decoded pixels to what the network sees: pure functions, the same everywhere.

Foreground crop, percentile standardization for each sequence, one resize. Training reads
the result from the pixel store, serving computes it on the spot; both call
`prepare_slice`, so they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.preprocess_spec import PreprocessSpec
from tumorscope.domain.value_counts import percentiles_of_counts

CHANNELS = 3
_BRIGHT_PERCENTILE = 99.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CropBox:
    """The square of the original image that the network sees.

    Attributes:
        top_px: First row, may be negative: the square reaches into padding.
        left_px: First column, may be negative.
        side_px: Height and width of the square.
    """

    top_px: int
    left_px: int
    side_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSlice:
    """A slice as the network sees it.

    Attributes:
        pixels: Shape (size, size, 3), uint8; 0 is the low percentile, 255 the high one.
        box: Where these pixels lie in the original image.
    """

    pixels: NDArray[np.uint8]
    box: CropBox


def prepare_slice(pixels: NDArray[Any], spec: PreprocessSpec) -> PreparedSlice:
    """Crop to the head, standardize each sequence, resize.

    MRI intensities have no physical unit, so the range is taken from the slice itself.
    The crop is a square around the foreground with a margin: nothing of the head is cut
    off and the aspect ratio is kept. A single-sequence image is repeated in all channels.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16; zero is
            background. Left unchanged.
        spec: Size and percentiles.

    Returns:
        The prepared pixels, and the square that they show.

    Raises:
        DataError: If the shape is another one, or the slice has no contrast.
    """
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], CHANNELS, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != CHANNELS:
        raise DataError(
            f"a slice has 1 or {CHANNELS} channels; found shape {pixels.shape}"
        )
    brightest = _brightest(pixels)  # (height, width)
    level = _background_level(brightest, spec)
    box = _box_around(brightest > level, spec)
    crop = _cut(pixels, box)  # (side, side, 3)
    foreground = _cut(brightest, box) > level
    scaled = np.empty(crop.shape, dtype=np.float32)
    for channel in range(CHANNELS):
        plane = np.ascontiguousarray(crop[..., channel])
        scaled[..., channel] = standardize_intensity(plane, foreground, spec=spec)
    size = (spec.size_px, spec.size_px)
    shrinks = box.side_px >= spec.size_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(scaled, size, interpolation=method)
    quantized = np.clip(np.rint(resized * 255), 0, 255).astype(np.uint8)
    return PreparedSlice(pixels=quantized, box=box)


def find_head(brightest: NDArray[Any], spec: PreprocessSpec) -> CropBox:
    """Return the square around the foreground, with a margin.

    Args:
        brightest: Shape (height, width), the maximum over the sequences.
        spec: What counts as foreground, and the margin.

    Returns:
        The square; it may reach outside the image.

    Raises:
        DataError: If no pixel is foreground.
    """
    return _box_around(brightest > _background_level(brightest, spec), spec)


def _box_around(foreground: NDArray[np.bool_], spec: PreprocessSpec) -> CropBox:
    # An opening removes single bright pixels in the air around the head.
    opened = cv2.morphologyEx(
        foreground.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    rows = np.flatnonzero(opened.any(axis=1))
    columns = np.flatnonzero(opened.any(axis=0))
    if rows.size == 0:
        rows = np.flatnonzero(foreground.any(axis=1))
        columns = np.flatnonzero(foreground.any(axis=0))
    if rows.size == 0:
        raise DataError("no foreground: the slice is blank")
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    longer = max(bottom - top, right - left)
    side = longer + 2 * round(spec.margin_share * longer)
    return CropBox(
        top_px=(top + bottom - side) // 2,
        left_px=(left + right - side) // 2,
        side_px=side,
    )


def standardize_intensity(
    pixels: NDArray[Any], foreground: NDArray[np.bool_], *, spec: PreprocessSpec
) -> NDArray[np.float32]:
    """Clip one sequence to two percentiles of its foreground, then rescale to [0, 1].

    Args:
        pixels: Shape (height, width), one sequence in any unit.
        foreground: Shape (height, width), bool: the head.
        spec: The two percentiles.

    Returns:
        Shape (height, width), float32, in [0, 1]. A sequence without contrast inside the
        head becomes zeros: it is missing, and other sequences may still be there.
    """
    counts = _count_values(pixels, foreground)
    if not counts.any():
        return np.zeros(pixels.shape, dtype=np.float32)
    percents = (spec.low_percentile, spec.high_percentile)
    low, high = percentiles_of_counts(counts, percents)
    if low == high:
        return np.zeros(pixels.shape, dtype=np.float32)
    if pixels.dtype == np.uint8:
        table = _rescale(np.arange(256, dtype=np.float32), low, high)
        return cv2.LUT(pixels, table).astype(np.float32, copy=False)
    return _rescale(pixels.astype(np.float32), low, high)


def _rescale(
    values: NDArray[np.float32], low: float, high: float
) -> NDArray[np.float32]:
    scaled = (values - np.float32(low)) / np.float32(high - low)
    return np.clip(scaled, 0, 1)


def to_network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn stored pixels into the network's input.

    Args:
        pixels: Shape (batch, height, width, 3), uint8.

    Returns:
        Shape (batch, 3, height, width), float32, in [-1, 1]. The memory stays
        channels-last, which is what the convolutions want.
    """
    scaled = pixels.astype(np.float32) * np.float32(2 / 255) - np.float32(1)
    return np.moveaxis(scaled, 3, 1)


def _background_level(brightest: NDArray[Any], spec: PreprocessSpec) -> float:
    counts = _count_values(brightest, None)
    counts[0] = 0
    if not counts.any():
        raise DataError("no foreground: all pixels are zero")
    (bright,) = percentiles_of_counts(counts, (_BRIGHT_PERCENTILE,))
    return spec.foreground_share * bright


def _brightest(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the maximum over the channels; numpy's over a last axis of 3 is slow."""
    first, second, third = (pixels[..., channel] for channel in range(CHANNELS))
    return np.maximum(np.maximum(first, second), third)


def _count_values(
    plane: NDArray[Any], chosen: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Count the values of the chosen pixels of a plane, uint8 or uint16."""
    values = plane.ravel() if chosen is None else plane[chosen]
    return np.bincount(values, minlength=256)


def _cut(pixels: NDArray[Any], box: CropBox) -> NDArray[Any]:
    height, width = pixels.shape[:2]
    top, left = max(box.top_px, 0), max(box.left_px, 0)
    bottom = min(box.top_px + box.side_px, height)
    right = min(box.left_px + box.side_px, width)
    cut = np.zeros((box.side_px, box.side_px, *pixels.shape[2:]), dtype=pixels.dtype)
    inner = pixels[top:bottom, left:right]
    start_row, start_column = top - box.top_px, left - box.left_px
    cut[
        start_row : start_row + inner.shape[0],
        start_column : start_column + inner.shape[1],
    ] = inner
    return cut
