"""A slice in a frame of its own: cut to the head, one size, bright tissue at 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.value_counts import percentiles_of_counts

SIDE_PX = 128
MARGIN_SHARE = 0.05
LEAST_SHARE, MOST_SHARE = 0.08, 0.15
BRIGHT_PERCENTILE = 99.5
LARGEST_VALUE = 1.5
BRIGHT_SAMPLE_STEP = 2
"""Percentiles are taken of every second pixel each way: the same, far faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPicture:
    """What the gate looks at.

    Attributes:
        whole: Shape (height, width), float32, in [0, 1.5]: the maximum over the
            sequences in the original frame; its bright tissue is at 1.
        foreground: Shape (height, width), bool: brighter than half of Otsu's threshold,
            which is held between 8 % and 15 % of bright tissue.
        sequences: Shape (sequences, 128, 128), float32, in [0, 1.5]: each sequence cut to
            the foreground, its own bright tissue at 1. One where all channels are equal.
        inside: Shape (128, 128), bool: the foreground in that frame.
        color_share: Mean difference of the brightest and the darkest channel over the mean of
            the brightest, in [0, 1]; 0 for grey.
    """

    whole: NDArray[np.float32]
    foreground: NDArray[np.bool_]
    sequences: NDArray[np.float32]
    inside: NDArray[np.bool_]
    color_share: float


def frame_slice(pixels: NDArray[Any]) -> HeadPicture:
    """Bring a decoded slice into the gate's frame; the same in fitting and serving.

    This is apart from the network's preprocessing on purpose: that one standardizes away
    what tells a foreign picture, such as bright air.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16. Left
            unchanged.

    Returns:
        The picture. An image without any bright pixel has an empty foreground.
    """
    planes = _planes(pixels)
    brightest, darkest = planes[0], planes[0]
    for plane in planes[1:]:  # a maximum over a last axis of three is ten times slower
        brightest = np.maximum(brightest, plane)
        darkest = np.minimum(darkest, plane)
    total = int(brightest.sum(dtype=np.int64))
    color_share = (total - int(darkest.sum(dtype=np.int64))) / max(total, 1)
    distinct = planes if color_share else planes[:1]
    bright = np.float32(_bright_level(brightest))
    whole = np.minimum(brightest.astype(np.float32) / bright, np.float32(LARGEST_VALUE))
    foreground = whole > _foreground_level(whole)
    box = _find_box(foreground)
    inside = _resize(_cut(foreground.astype(np.float32), box)) > 0.5
    sequences = [
        np.minimum(
            _resize(_cut(plane.astype(np.float32), box))
            / np.float32(_bright_level(plane)),
            np.float32(LARGEST_VALUE),
        )
        for plane in distinct
    ]
    return HeadPicture(
        whole=whole,
        foreground=foreground,
        sequences=np.stack(sequences),
        inside=inside,
        color_share=color_share,
    )


def _planes(pixels: NDArray[Any]) -> list[NDArray[Any]]:
    if pixels.ndim == 2:
        return [pixels]
    return [
        np.ascontiguousarray(pixels[..., channel]) for channel in range(pixels.shape[2])
    ]


def _bright_level(plane: NDArray[Any]) -> float:
    """Return the 99.5th percentile of the positive pixels, or 1 where there is none."""
    sample = plane[::BRIGHT_SAMPLE_STEP, ::BRIGHT_SAMPLE_STEP]
    counts = np.bincount(sample.ravel())
    counts[0] = 0
    if not counts.any():
        return 1.0
    return max(*percentiles_of_counts(counts, (BRIGHT_PERCENTILE,)), 1.0)


def _foreground_level(whole: NDArray[np.float32]) -> float:
    """Return half of Otsu's threshold, within bounds: noisy air stays background.

    References:
        Otsu (1979), IEEE Transactions on Systems, Man, and Cybernetics 9.
    """
    levels = np.minimum(whole * np.float32(170), np.float32(255)).astype(np.uint8)
    found, _ = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(np.clip(found / 170 / 2, LEAST_SHARE, MOST_SHARE))


def _find_box(foreground: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Return top, left and side of the square around the foreground, with a margin."""
    opened = cv2.morphologyEx(
        foreground.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    left, top, width, height = cv2.boundingRect(opened)
    if width == 0:
        height, width = foreground.shape
    longer = max(height, width)
    side = longer + 2 * round(MARGIN_SHARE * longer)
    return top + (height - side) // 2, left + (width - side) // 2, side


def _cut(plane: NDArray[np.float32], box: tuple[int, int, int]) -> NDArray[np.float32]:
    (height, width), (top, left, side) = plane.shape, box
    inner = plane[max(top, 0) : top + side, max(left, 0) : left + side]
    square = cv2.copyMakeBorder(
        inner,
        max(-top, 0),
        max(top + side - height, 0),
        max(-left, 0),
        max(left + side - width, 0),
        cv2.BORDER_CONSTANT,
        value=0,
    )
    return square.astype(np.float32, copy=False)


def _resize(square: NDArray[np.float32]) -> NDArray[np.float32]:
    shrinks = square.shape[0] > SIDE_PX
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=method)
    return resized.astype(np.float32, copy=False)
