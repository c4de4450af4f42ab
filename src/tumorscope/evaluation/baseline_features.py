"""Features that a simple method reads from a slice: no network, no learning.

They are fixed by definition, so that figures of different data sets and versions can be
compared; the thresholds assume intensities from 0 to 255 with a dark background.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.domain.errors import DataError

HAND_SIZE_PX = 128
PIXELS_SIZE_PX = 32
BORDER_PX = 8
BLOB_DEVIATION = 2.5
SMALLEST_SD = 1e-6
HAND_FEATURES_PER_CHANNEL = 12
INTENSITY_PERCENTILES = (50, 75, 90, 95, 99, 99.9)
DEVIATION_PERCENTILES = (2, 90, 95, 98, 99.5)
ASYMMETRY_PERCENTILES = (90, 98, 99.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFeatures:
    """What the simple methods know of each slice; NaN is missing.

    Attributes:
        position: Shape (slices,), slice_index / (slice_count - 1), in [0, 1].
        intensity: Shape (slices, 26), float64, see `measure_intensity`.
        hand: Shape (slices, 38), float64, see `measure_hand`.
        neighbors: Shape (slices, 76), float64, `hand` of the slices below and above.
        pixels: Shape (slices, 3072), float32, see `shrink_pixels`.
    """

    position: NDArray[np.float64]
    intensity: NDArray[np.float64]
    hand: NDArray[np.float64]
    neighbors: NDArray[np.float64]
    pixels: NDArray[np.float32]


def baseline_features(
    images: Iterable[NDArray[np.uint8]],
    *,
    series: pd.Series,
    slice_index: pd.Series,
    slice_count: pd.Series,
) -> BaselineFeatures:
    """Read the features of slices, one image in memory at a time.

    Args:
        images: One for each slice, shape (height, width, 3), 0 to 255; repeat the
            channel of a grey image.
        series: Shape (slices,), patient or series that a slice belongs to; may be
            missing, then the slice has no neighbours.
        slice_index: Shape (slices,), from 0; may be missing.
        slice_count: Shape (slices,), slices in the series; may be missing.

    Returns:
        The features, in the order of the slices.

    Raises:
        DataError: If an image has another shape or dtype, or there are more or fewer
            images than slices.
    """
    rows = [_measure_slice(image) for image in images]
    if len(rows) != len(series) or not rows:
        raise DataError(f"{len(rows)} images for {len(series)} slices: pass one each")
    intensity, hand, pixels = (np.stack(column) for column in zip(*rows, strict=True))
    index = slice_index.to_numpy(dtype=np.float64, na_value=np.nan)
    last = slice_count.to_numpy(dtype=np.float64, na_value=np.nan) - 1
    position = np.full(len(rows), np.nan)
    np.divide(index, last, out=position, where=last > 0)
    return BaselineFeatures(
        position=position,
        intensity=intensity,
        hand=hand,
        neighbors=_neighbors(hand, series, index),
        pixels=pixels,
    )


def measure_intensity(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return global intensity statistics of a slice.

    Args:
        image: Shape (height, width, 3), 0 to 255.

    Returns:
        Shape (26,): for each channel mean, standard deviation and the percentiles
        50, 75, 90, 95, 99, 99.9; then the mean of the 8-pixel border and the share of
        pixels whose brightest channel is above 10.
    """
    flat = image.reshape(-1, 3).astype(np.float64)
    percentiles = np.percentile(flat, INTENSITY_PERCENTILES, axis=0)  # (6, 3)
    by_channel = np.vstack([flat.mean(axis=0), flat.std(axis=0), percentiles])
    border = np.ones(image.shape[:2], dtype=bool)
    border[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    shares = [image[border].mean(), (image.max(axis=2) > 10).mean()]
    return np.concatenate([by_channel.T.ravel(), shares])


def measure_hand(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return hand-made features: bright tails, left-right asymmetry and blobs.

    Args:
        image: Shape (height, width, 3), 0 to 255; it is resized to 128 x 128.

    Returns:
        Shape (38,): for each channel, of the deviation Z = (S - median) / (MAD + 1) of
        the smoothed channel S inside the eroded brain: percentiles 2, 90, 95, 98, 99.5;
        the skewness of S; percentiles 90, 98, 99.5 of Z minus its mirror about the
        brain's centroid column; of the components of Z > 2.5 the largest one's share of
        the brain, their count, and the largest one's mean asymmetry. Then the brain's
        size in pixels and the correlation of the first two channels inside it. All NaN
        if the brain has fewer than 10 pixels.
    """
    small = resize_bilinear(image, HAND_SIZE_PX).astype(np.float64)
    brain = _eroded_brain(small.max(axis=2))
    size = int(brain.sum())
    if size < 10:
        return np.full(3 * HAND_FEATURES_PER_CHANNEL + 2, np.nan)
    by_channel = [_measure_channel(small[:, :, channel], brain) for channel in range(3)]
    first, second = small[brain][:, 0], small[brain][:, 1]
    varies = first.std() > 0 and second.std() > 0
    correlation = np.corrcoef(first, second)[0, 1] if varies else np.nan
    return np.concatenate([*by_channel, [size, correlation]])


def shrink_pixels(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the slice as 32 x 32 pixels of 3 channels, shape (3072,), in [0, 1]."""
    medium = resize_bilinear(image, 2 * PIXELS_SIZE_PX).astype(np.float32)
    blocks = medium.reshape(PIXELS_SIZE_PX, 2, PIXELS_SIZE_PX, 2, 3)
    return np.asarray(blocks.mean(axis=(1, 3)).ravel() / 255, dtype=np.float32)


def resize_bilinear(image: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """Resize with a triangle filter that widens as the image shrinks.

    This is Pillow's BILINEAR (antialiased), up to one level by rounding; OpenCV's does
    not widen.

    Args:
        image: Shape (height, width, channels).
        size_px: New height and width.

    Returns:
        Shape (size_px, size_px, channels), uint8.
    """
    rows = _triangle_weights(image.shape[0], size_px)
    columns = _triangle_weights(image.shape[1], size_px)
    narrow = np.einsum("xw,hwc->hxc", columns, image.astype(np.float64), optimize=True)
    resized = np.einsum("yh,hxc->yxc", rows, np.round(narrow), optimize=True)
    return np.clip(np.round(resized), 0, 255).astype(np.uint8)


def _measure_slice(
    image: NDArray[np.uint8],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    checked = _checked(image)
    return measure_intensity(checked), measure_hand(checked), shrink_pixels(checked)


def _triangle_weights(size: int, new_size: int) -> NDArray[np.float64]:
    scale = size / new_size
    reach = max(scale, 1.0)
    centers = (np.arange(new_size) + 0.5) * scale  # (new_size,)
    distance = np.abs(np.arange(size) + 0.5 - centers[:, None])  # (new_size, size)
    weights = np.clip(1 - distance / reach, 0, None)
    return weights / weights.sum(axis=1, keepdims=True)


def _eroded_brain(brightest: NDArray[np.float64]) -> NDArray[np.bool_]:
    brain = _filled(brightest > 25)
    if brain.sum() < 120:
        brain = _filled(brightest > 10)
    if brain.sum() < 80:
        return brain
    return ndimage.binary_erosion(brain, iterations=6)


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(ndimage.binary_fill_holes(ndimage.binary_opening(mask)))


def _measure_channel(
    channel: NDArray[np.float64], brain: NDArray[np.bool_]
) -> NDArray[np.float64]:
    smooth = ndimage.gaussian_filter(channel, 2)
    inside = smooth[brain]
    median = np.median(inside)
    spread = np.median(np.abs(inside - median)) + 1
    deviation = np.where(brain, (smooth - median) / spread, 0)
    asymmetry = deviation - _mirrored(deviation, brain)
    centered, sd = inside - inside.mean(), inside.std()
    # Smoothing leaves rounding noise on a flat brain, which has no skewness.
    skewness = (centered**3).mean() / sd**3 if sd > SMALLEST_SD else np.nan
    return np.concatenate(
        [
            np.percentile(deviation[brain], DEVIATION_PERCENTILES),
            [skewness],
            np.percentile(asymmetry[brain], ASYMMETRY_PERCENTILES),
            _measure_blobs(deviation, asymmetry, int(brain.sum())),
        ]
    )


def _mirrored(
    values: NDArray[np.float64], brain: NDArray[np.bool_]
) -> NDArray[np.float64]:
    twice_center = round(2 * np.nonzero(brain)[1].mean())
    source = twice_center - np.arange(values.shape[1])
    exists = (source >= 0) & (source < values.shape[1])
    mirrored = np.zeros_like(values)
    mirrored[:, exists] = values[:, source[exists]]
    return mirrored


def _measure_blobs(
    deviation: NDArray[np.float64], asymmetry: NDArray[np.float64], brain_size: int
) -> NDArray[np.float64]:
    blobs, count = ndimage.label(deviation > BLOB_DEVIATION)
    if count == 0:
        return np.zeros(3)
    sizes = np.bincount(blobs.ravel())[1:]
    largest = blobs == 1 + int(np.argmax(sizes))
    return np.array([sizes.max() / brain_size, count, asymmetry[largest].mean()])


def _neighbors(
    hand: NDArray[np.float64], series: pd.Series, index: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows = {
        key: row
        for row, key in enumerate(zip(series, index, strict=True))
        if pd.notna(key[0]) and np.isfinite(key[1])
    }
    around = np.full((len(hand), 2, hand.shape[1]), np.nan)
    for (name, place), row in rows.items():
        for side, step in enumerate((-1, 1)):
            neighbor = rows.get((name, place + step))
            if neighbor is not None:
                around[row, side] = hand[neighbor]
    return around.reshape(len(hand), -1)


def _checked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise DataError(
            f"an image of shape {image.shape} and dtype {image.dtype} has no baseline "
            "features: pass (height, width, 3) uint8, repeating a grey channel"
        )
    if min(image.shape[:2]) <= 2 * BORDER_PX:
        raise DataError(
            f"an image of {image.shape[0]} x {image.shape[1]} pixels has no inside: "
            f"baselines need more than {2 * BORDER_PX} pixels a side"
        )
    return image
