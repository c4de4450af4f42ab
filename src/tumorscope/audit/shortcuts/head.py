"""Where the head is in a slice, so that it can be blanked.

A probe of "everything but the head" is only worth its name if no part of the head is left,
and if a bright frame is not taken for head. So a strip along the edges never counts as
head, and only the largest bright component, with its holes filled, does.

References:
    Shortcuts in the background of medical pictures: DeGrave et al. (2021), AI for
    radiographic COVID-19 detection selects shortcuts over signal, Nature Machine
    Intelligence 3:610-619.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WORKING_PX = 128
"""Longer side of the picture on which the head is sought, in pixels."""
STRIP_SHARE = 1 / 32
"""Width of the strip along the edges, as a share of the shorter side."""
BRIGHT, FAINT = 25, 10
SMALLEST_HEAD_SHARE = 500 / 256**2
RIM_PX = 3


def eight_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the slice as 8-bit color.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16.

    Returns:
        Shape (height, width, 3), uint8. 16 bit is divided by the slice's own maximum; a
        grey channel is repeated.
    """
    if pixels.dtype != np.uint8:
        share = pixels / max(1.0, float(pixels.max()))
        pixels = np.rint(share * 255).astype(np.uint8)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def find_head(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find the head with a rim around it.

    On a picture of at most 128 pixels: brightest channel above 25 (above 10 where less
    than 500 of 256 x 256 pixels are), opened, largest component, holes filled, dilated by
    3 pixels.

    Args:
        image: Shape (height, width, 3), uint8.

    Returns:
        Shape (height, width), bool; all False where nothing is bright.
    """
    height, width = image.shape[:2]
    brightest = image.max(axis=2)
    strip = strip_px(image)
    inside = np.zeros_like(brightest)
    inside[strip:-strip, strip:-strip] = brightest[strip:-strip, strip:-strip]
    scale = min(1.0, WORKING_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    head = _largest(small > BRIGHT)
    if head.sum() < SMALLEST_HEAD_SHARE * head.size:
        head = _largest(small > FAINT)
    round_3 = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM_PX + 1,) * 2)
    wide = cv2.dilate(_filled(head), round_3)
    restored = cv2.resize(wide, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(restored > 0)


def strip_px(image: NDArray[Any]) -> int:
    """Return the width of the strip along the edges, in pixels."""
    return max(1, round(min(image.shape[:2]) * STRIP_SHARE))


def _largest(bright: NDArray[np.bool_]) -> NDArray[np.uint8]:
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    opened = cv2.morphologyEx(bright.astype(np.uint8), cv2.MORPH_OPEN, cross)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    if count < 2:
        return np.asarray(opened, dtype=np.uint8)
    largest = 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
    return np.asarray(parts == largest, dtype=np.uint8)


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(
        cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED), np.uint8
    )
