"""What a copy of a slice keeps, whatever was done to it.

The head is cut out and brought to one small square; then brightness and contrast are taken
out everywhere by themselves: the mean of the surroundings is subtracted, the spread of the
surroundings divided by. A gamma or window curve is nearly straight inside such a
neighborhood, so that it drops out, while sulci, vessels, noise and lesions stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.detail import (
    MIN_PARTS,
    PICTURE_PX,
    count_detailed_parts,
)
from tumorscope.audit.copies.foreground import find_foreground, pick_quantiles
from tumorscope.domain.errors import DataError

_STEP = 40
"""Levels of the stored picture for one local standard deviation."""
_FLOOR = 0.03
"""Spread, in units of the whole cut-out's, below which a neighborhood counts as flat."""
_COARSE_PX = 24
_MIN_SIDE_PX = 24
_FLAT = 1e-4
_QUANTILES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFingerprint:
    """What is kept of one slice.

    Attributes:
        picture: Shape (96, 96), int8: the head, locally normalized, 40 levels for one
            standard deviation of the surroundings.
        touches_frame: Whether a crop may have cut the head.
        is_inverted: Whether the background is bright.
        is_plain: Whether there is too little to see for a comparison: only equal pixels
            show that such a slice is a copy.
        side_px: Height and width of the head's box in the slice, in pixels.
        levels: Shape (15,), uint8: quantiles of the head's grey levels, from 1/16 to
            15/16, where 0 and 255 are the darkest and the brightest 0.5 %.
    """

    picture: NDArray[np.int8]
    touches_frame: bool
    is_inverted: bool
    is_plain: bool
    side_px: tuple[int, int]
    levels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFingerprints:
    """The fingerprints of a cohort, in arrays: 9.3 KB for each slice.

    Attributes:
        pictures: Shape (slices, 96, 96), int8.
        touches_frame: Shape (slices,), bool.
        is_inverted: Shape (slices,), bool.
        is_plain: Shape (slices,), bool.
        side_px: Shape (slices, 2), int32.
        levels: Shape (slices, 15), uint8.
        digests: Shape (slices,), str: equal where all pixels are equal, for instance
            `pixel_digest` of the manifest.

    Raises:
        DataError: If the shapes do not belong together.
    """

    pictures: NDArray[np.int8]
    touches_frame: NDArray[np.bool_]
    is_inverted: NDArray[np.bool_]
    is_plain: NDArray[np.bool_]
    side_px: NDArray[np.int32]
    levels: NDArray[np.uint8]
    digests: NDArray[np.object_]

    def __post_init__(self) -> None:
        """Refuse arrays of different cohorts."""
        count = len(self.pictures)
        flags = (self.touches_frame, self.is_inverted, self.is_plain, self.digests)
        if self.pictures.shape[1:] != (PICTURE_PX, PICTURE_PX) or any(
            flag.shape != (count,) for flag in flags
        ):
            raise DataError(
                f"fingerprints of shape {self.pictures.shape} do not belong together: "
                "collect them with stack_fingerprints"
            )

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.pictures)


def fingerprint_slice(pixels: NDArray[Any]) -> CopyFingerprint:
    """Take the fingerprint of one slice.

    Args:
        pixels: Shape (height, width) or (height, width, channels), any numeric dtype;
            channels are averaged.

    Returns:
        The fingerprint; `is_plain` for a flat slice.

    Raises:
        DataError: If the pixels are no picture.
    """
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise DataError(
            f"pixels of shape {pixels.shape} are no slice: give (height, width) or "
            "(height, width, channels)"
        )
    grey = _to_grey(pixels)
    box = find_foreground(grey)
    head = grey[box.top : box.bottom, box.left : box.right]
    square = _to_square(-head if box.is_inverted else head)
    picture = _normalize(square)
    return CopyFingerprint(
        picture=picture,
        touches_frame=box.touches_frame,
        is_inverted=box.is_inverted,
        is_plain=min(head.shape) < _MIN_SIDE_PX
        or count_detailed_parts(picture.astype(np.float32)) < MIN_PARTS,
        side_px=(head.shape[0], head.shape[1]),
        levels=_levels(square),
    )


def stack_fingerprints(
    fingerprints: Iterable[CopyFingerprint], digests: Sequence[str]
) -> CopyFingerprints:
    """Gather fingerprints in arrays, one after the other.

    Args:
        fingerprints: In the order of the manifest; may be a generator, so that never more
            than the arrays is in memory.
        digests: One for each: equal where all pixels are equal.

    Returns:
        The arrays.

    Raises:
        DataError: If there are more or fewer than digests.
    """
    count = len(digests)
    pictures = np.zeros((count, PICTURE_PX, PICTURE_PX), dtype=np.int8)
    flags = np.zeros((3, count), dtype=np.bool_)
    side_px = np.zeros((count, 2), dtype=np.int32)
    levels = np.zeros((count, _QUANTILES), dtype=np.uint8)
    row = -1
    for row, each in enumerate(fingerprints):
        if row >= count:
            break
        pictures[row] = each.picture
        flags[:, row] = (each.touches_frame, each.is_inverted, each.is_plain)
        side_px[row], levels[row] = each.side_px, each.levels
    if row + 1 != count:
        raise DataError(
            f"{count} digests, but {row + 1} fingerprints or more: give one for each "
            "slice"
        )
    return CopyFingerprints(
        pictures=pictures,
        touches_frame=flags[0],
        is_inverted=flags[1],
        is_plain=flags[2],
        side_px=side_px,
        levels=levels,
        digests=np.array(digests, dtype=object),
    )


def _to_grey(pixels: NDArray[Any]) -> NDArray[np.float32]:
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels, dtype=np.float32)
    channels = pixels.shape[2]
    weights = np.full((1, channels), 1 / channels, dtype=np.float32)
    grey = cv2.transform(np.ascontiguousarray(pixels, dtype=np.float32), weights)
    return np.asarray(grey, dtype=np.float32).reshape(pixels.shape[:2])


def _to_square(head: NDArray[np.float32]) -> NDArray[np.float32]:
    is_large = min(head.shape) >= PICTURE_PX
    square = cv2.resize(
        head,
        (PICTURE_PX, PICTURE_PX),
        interpolation=cv2.INTER_AREA if is_large else cv2.INTER_LINEAR,
    )
    return np.asarray(square, dtype=np.float32)


def _levels(square: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the quantiles of the grey levels, on the scale of their range."""
    shares = [each / (_QUANTILES + 1) for each in range(1, _QUANTILES + 1)]
    low, *middle, high = pick_quantiles(square[::2, ::2], [0.005, *shares, 0.995])
    span = max(high - low, 1e-6)
    return np.clip((np.array(middle) - low) / span * 255, 0, 255).astype(np.uint8)


def _normalize(square: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return the locally normalized square; zero where it is of one grey level."""
    mean, spread = float(square.mean()), float(square.std())
    if spread <= _FLAT * max(abs(mean), 1e-3):
        return np.zeros((PICTURE_PX, PICTURE_PX), dtype=np.int8)
    square = (square - mean) / spread
    detail = cv2.GaussianBlur(square, (0, 0), 0.8) - _surroundings(square)
    local_spread = np.sqrt(_surroundings(detail * detail))
    levels = detail / (local_spread + _FLOOR) * _STEP
    return np.clip(np.rint(levels), -127, 127).astype(np.int8)


def _surroundings(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each pixel's surroundings: a Gaussian of about 8 pixels."""
    small = cv2.resize(square, (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 2.0)
    wide = cv2.resize(small, square.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, dtype=np.float32)
