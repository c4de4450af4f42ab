"""One intensity window for a whole series.

MRI intensities have no unit. A window for each slice would make an empty slice as bright
as a full one; here every slice of a series shares the window, so that slices can be
compared. What the network sees is standardized once more, see `preprocessing`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

LOW_PERCENTILE, HIGH_PERCENTILE = 0.1, 99.9
"""Of all voxels of the series: single hot pixels do not set the scale."""
MAX_VALUE = 65_535
CONTENT_LEVEL = 0.05
"""Share of the window above which a pixel counts as head, not air."""
CONTENT_SHARE = 0.01
"""A slice with a smaller share of such pixels shows almost nothing."""
_BACKGROUND_SHARE = 0.2
_SAMPLE = 4_000_000


def to_window(voxels: NDArray[Any]) -> NDArray[np.uint16]:
    """Map a series to 0 ... 65535.

    Volumes that were standardized before (negative values around a background of exactly
    zero, as skull-stripped research data often are) keep zero as background, and the
    window is that of the other voxels.

    Args:
        voxels: Shape (slices, rows, columns), any real numbers, finite. Left unchanged.

    Returns:
        Same shape; 0 is air or background.

    Raises:
        DataError: If all voxels are equal.
    """
    flat = voxels.reshape(-1)
    sample = flat[:: max(1, flat.size // _SAMPLE)].astype(np.float32)
    is_empty = sample == 0
    keeps_zero = bool((sample < 0).any()) and is_empty.mean() > _BACKGROUND_SHARE
    inside = sample[~is_empty] if keeps_zero else sample
    if inside.size == 0 or float(inside.min()) == float(inside.max()):
        raise DataError("no contrast: nearly all voxels have one value")
    low, high = np.percentile(inside, (LOW_PERCENTILE, HIGH_PERCENTILE))
    if low == high:
        low, high = inside.min(), inside.max()
    scaled = (voxels.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    lowest = 1 if keeps_zero else 0
    window = np.clip(np.rint(scaled * MAX_VALUE), lowest, MAX_VALUE).astype(np.uint16)
    if keeps_zero:
        window[voxels == 0] = 0
    return window


def find_content(pixels: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Return which slices show more than almost nothing.

    Args:
        pixels: Shape (slices, rows, columns) or (slices, rows, columns, 3), windowed.

    Returns:
        Shape (slices,), bool.
    """
    brightest = pixels if pixels.ndim == 3 else pixels.max(axis=3)
    share = (brightest > CONTENT_LEVEL * MAX_VALUE).mean(axis=(1, 2))
    return np.asarray(share >= CONTENT_SHARE)
