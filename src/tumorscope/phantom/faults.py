"""Faults that are planted on purpose, so that an audit can be tested against known truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FRAME_SHARE = 1 / 64  # width of the bright frame, as a share of the picture's side
SMALL_SHARE = 7 / 8  # side of a slice under the size cue, as a share of the usual side

Picture = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def add_frame(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the slice with a bright frame, shape (height, width, 3)."""
    width = max(round(pixels.shape[0] * FRAME_SHARE), 1)
    framed = np.full_like(pixels, 200)
    framed[width:-width, width:-width] = pixels[width:-width, width:-width]
    return framed


def shrink(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Picture:
    """Return slice and mask with a smaller side.

    Args:
        pixels: Shape (height, width, 3), uint8.
        mask: Shape (height, width), bool.

    Returns:
        Both with `SMALL_SHARE` of height and width.
    """
    size = (round(pixels.shape[1] * SMALL_SHARE), round(pixels.shape[0] * SMALL_SHARE))
    return _resized(pixels, size, cv2.INTER_AREA), _resized_mask(mask, size)


def alter(
    pixels: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    kind: str,
    rng: np.random.Generator,
) -> Picture:
    """Return a near-duplicate: the same slice as another export would store it.

    Args:
        pixels: Shape (height, width, 3), uint8.
        mask: Shape (height, width), bool.
        kind: "reencoded" (through JPEG), "rescaled" (by up to 6 %) or "recontrasted"
            (gain and gamma).
        rng: Source of randomness.

    Returns:
        Slice and mask of the same shape; the inputs are left unchanged.
    """
    if kind == "reencoded":
        quality = int(rng.integers(60, 91))
        encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8), mask
    if kind == "rescaled":
        return _zoomed(pixels, mask, float(rng.uniform(0.94, 0.98)))
    levels = np.arange(256) / 255
    curve = levels ** rng.uniform(0.75, 1.3) * rng.uniform(0.8, 1.15)
    table = np.clip(curve * 255 + 0.5, 0, 255).astype(np.uint8)
    return table[pixels], mask


def _zoomed(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], scale: float
) -> Picture:
    height, width = mask.shape
    size = (round(width * scale), round(height * scale))
    small, small_mask = (
        _resized(pixels, size, cv2.INTER_AREA),
        _resized_mask(mask, size),
    )
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    zoomed, zoomed_mask = np.zeros_like(pixels), np.zeros_like(mask)
    zoomed[top : top + size[1], left : left + size[0]] = small
    zoomed_mask[top : top + size[1], left : left + size[0]] = small_mask
    return zoomed, zoomed_mask


def _resized(
    pixels: NDArray[np.uint8], size: tuple[int, int], interpolation: int
) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)


def _resized_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    resized = _resized(mask.astype(np.uint8) * 255, size, cv2.INTER_AREA) >= 128
    # A lesion of one pixel must not vanish: the label comes from the mask.
    if mask.any() and not resized.any():
        row, column = np.argwhere(mask)[0]
        scale = size[0] / mask.shape[1]
        resized[int(row * scale), int(column * scale)] = True
    return resized
