"""What a slice tells about the head and the scan that it comes from.

A diagnosis lies in the middle of the picture; a head and its scan show elsewhere: where
the head lies in the field of view and how it is turned, the brightness of its tissues,
the noise and its direction, the edge of k-space, the dark levels of the background. None
of these needs a label, and all change little from one slice to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

THUMBNAIL_PX = 32
_TISSUE_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_OUTLINE_PERCENTILES = (1, 99)
_HEAD_SHARE = 0.12
"""A pixel belongs to the head above this share of the 99.5th percentile."""
_OPENING_PX = 5
_MARGIN_PX = 9
_CORNER_SHARE = 1 / 16
_DARK_LEVELS = 15
_SPECTRUM_BANDS = 8
_LOWEST_FREQUENCY = 1 / 16
"""Share of the Nyquist frequency below which the spectrum shows the head, not the scan."""

Vector = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFingerprint:
    """Six descriptions of one slice, each of a length that is the same for all slices.

    Attributes:
        thumbnail: Shape (1024,), float32: a 32 x 32 grey picture in the frame of the
            scan, with mean 0 and Euclidean norm 1; all zero for a constant picture.
        outline: Shape (9,), float32: center, extent and skew of the head as shares of
            height and width, and the logarithms of height and width in pixels.
        tissue: Shape (21,), float32: seven quantiles of the head for each channel, as
            shares of full scale.
        texture: Shape (15,), float32: for each channel, fine structure along rows and
            columns inside the head, and noise along rows and columns and the level of
            the background; logarithms.
        spectrum: Shape (16,), float32: fall of the logarithmic power from low to high
            frequencies, eight bands along rows, then eight along columns.
        darkness: Shape (51,), float32: for each channel, logarithmic shares of the 15
            darkest levels, and mean and spread of the four corners.
    """

    thumbnail: Vector
    outline: Vector
    tissue: Vector
    texture: Vector
    spectrum: Vector
    darkness: Vector


def fingerprint_head(pixels: NDArray[Any]) -> HeadFingerprint:
    """Describe one slice.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or any other numeric
            dtype; other dtypes are scaled to 0-255 by their largest value. At least
            16 pixels in each direction.

    Returns:
        The six descriptions; the input is left unchanged. A picture in which no head
        stands out is described as a whole.

    References:
        Immerkaer (1996), Fast noise variance estimation, CVIU 64:300-302, for second
        differences as a measure of noise.
    """
    levels = _to_levels(pixels)
    # A grey picture is described once, and its description stands for each channel.
    channels = [levels] if levels.ndim == 2 else list(np.moveaxis(levels, 2, 0))
    if len(channels) == 3 and all(np.array_equal(channels[0], c) for c in channels[1:]):
        channels = channels[:1]
    grey = np.stack(channels).astype(np.float32).mean(axis=0)
    head = _find_head(grey)
    background = ~cv2.dilate(
        head.view(np.uint8), np.ones((_MARGIN_PX, _MARGIN_PX), dtype=np.uint8)
    ).view(np.bool_)
    spread = float(grey[head].std()) + 1
    repeat = 3 // len(channels)
    return HeadFingerprint(
        thumbnail=_thumbnail(grey),
        outline=_outline(head),
        tissue=np.concatenate([_tissue(c, head) for c in channels] * repeat),
        texture=np.concatenate(
            [_texture(c, head, background, spread) for c in channels] * repeat
        ),
        spectrum=_spectrum(grey),
        darkness=np.concatenate([_darkness(c) for c in channels] * repeat),
    )


def _to_levels(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    shifted = pixels.astype(np.float32) - float(pixels.min())
    return (shifted * (255 / max(float(shifted.max()), 1e-12))).astype(np.uint8)


def _find_head(grey: NDArray[np.float32]) -> Mask:
    threshold = _HEAD_SHARE * float(np.percentile(grey, 99.5))
    opened = cv2.morphologyEx(
        (grey > threshold).astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((_OPENING_PX, _OPENING_PX), dtype=np.uint8),
    ).view(np.bool_)
    return opened if opened.any() else np.ones_like(opened)


def _thumbnail(grey: NDArray[np.float32]) -> Vector:
    small = cv2.resize(
        grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA
    ).ravel()
    centered = small - small.mean()
    norm = float(np.linalg.norm(centered))
    is_flat = norm <= 1e-5 * float(np.linalg.norm(small))
    return np.zeros_like(centered) if is_flat else centered / norm


def _outline(head: Mask) -> Vector:
    height, width = head.shape
    rows, columns = np.nonzero(head)
    top, bottom = np.percentile(rows, _OUTLINE_PERCENTILES) / height
    left, right = np.percentile(columns, _OUTLINE_PERCENTILES) / width
    center_y, center_x = rows.mean() / height, columns.mean() / width
    skew = np.mean((rows / height - center_y) * (columns / width - center_x))
    sides = np.log(height), np.log(width)
    values = center_y, center_x, top, bottom, left, right, skew, *sides
    return np.array(values, dtype=np.float32)


def _tissue(channel: NDArray[np.uint8], head: Mask) -> Vector:
    counts = np.cumsum(np.bincount(channel[head], minlength=256))
    ranks = np.array(_TISSUE_QUANTILES) * counts[-1]
    return (np.searchsorted(counts, ranks) / 255).astype(np.float32)


def _texture(
    channel: NDArray[np.uint8], head: Mask, background: Mask, spread: float
) -> Vector:
    signal = channel.astype(np.float32)
    middle = signal[1:-1, 1:-1]
    along_rows = middle - (signal[1:-1, :-2] + signal[1:-1, 2:]) / 2
    along_columns = middle - (signal[:-2, 1:-1] + signal[2:, 1:-1]) / 2
    inside, outside = head[1:-1, 1:-1], background[1:-1, 1:-1]
    values = np.zeros(5, dtype=np.float32)
    for place, difference in enumerate((along_rows, along_columns)):
        if inside.any():
            values[place] = np.log(
                np.median(np.abs(difference[inside])) / spread + 1e-3
            )
        if outside.any():
            values[2 + place] = np.log(difference[outside].std() + 0.05)
    if background.any():
        values[4] = np.log(signal[background].mean() + 0.05)
    return values


def _spectrum(grey: NDArray[np.float32]) -> Vector:
    power = np.abs(np.fft.fft2(grey)).astype(np.float32) ** 2
    falls = []
    for axis, length in ((0, grey.shape[1]), (1, grey.shape[0])):
        nyquist = length // 2
        profile = np.log(power.mean(axis=axis)[:nyquist] + 1)
        edges = np.linspace(
            max(1, int(_LOWEST_FREQUENCY * nyquist)), nyquist, _SPECTRUM_BANDS + 1
        ).astype(int)
        # A band of a very small picture may hold no frequency: it takes the next one.
        bands = [
            profile[low : max(high, low + 1)].mean() for low, high in pairwise(edges)
        ]
        falls.append(np.array(bands) - bands[0])
    return np.concatenate(falls).astype(np.float32)


def _darkness(channel: NDArray[np.uint8]) -> Vector:
    counts = np.bincount(channel.ravel(), minlength=256)[:_DARK_LEVELS]
    side_y, side_x = (max(1, round(_CORNER_SHARE * side)) for side in channel.shape)
    corners = np.concatenate(
        [
            channel[rows, columns].ravel()
            for rows in (slice(side_y), slice(-side_y, None))
            for columns in (slice(side_x), slice(-side_x, None))
        ]
    ).astype(np.float32)
    ends = np.log(corners.mean() + 0.05), np.log(corners.std() + 0.05)
    return np.concatenate([np.log(counts / channel.size + 1e-3), ends]).astype(
        np.float32
    )
