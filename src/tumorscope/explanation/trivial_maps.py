"""Maps without learning: what any attribution must beat.

Three rules that a person could write down in a minute: the bright spot on FLAIR, the
difference between left and right, the middle of the brain. Printed beside every method.
Their constants are for slices of 256x256 pixels on a scale of 0 to 255; other sizes scale
lengths with the square root of the number of pixels, and areas with that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

TRIVIAL_METHODS = ("brightness", "asymmetry", "center")
"""Names of the trivial maps, in the order of the report."""
REFERENCE_SIDE_PX = 256
"""Side of the slices that the constants below were chosen for."""

_TISSUE_LEVEL = 25.0
_FAINT_TISSUE_LEVEL = 10.0
_MIN_BRAIN_AREA_PX = 500
_MIN_CORE_AREA_PX = 300
_MIN_THIN_CORE_AREA_PX = 50
_OPENING_PX = 2
_CORE_DEPTH_PX = 12
_THIN_CORE_DEPTH_PX = 3
_SMOOTHING_SIGMA_PX = 4.0
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainRegion:
    """Where the brain lies.

    Attributes:
        brain: Shape (height, width), bool.
        core: Shape (height, width), bool: the brain without its rim (skull, eyes, scalp
            where they were not removed), inside `brain`.
    """

    brain: NDArray[np.bool_]
    core: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrivialMaps:
    """The trivial maps of one slice, each of shape (height, width), float32.

    Outside the core a map has its smallest value inside. A slice without brain gives
    three constant maps.

    Attributes:
        brightness: FLAIR, smoothed.
        asymmetry: Smoothed FLAIR minus its mirror image; the sign has a meaning.
        center: Minus the distance to the brain's centroid, in pixels.
        region: The brain and its core.
    """

    brightness: NDArray[np.float32]
    asymmetry: NDArray[np.float32]
    center: NDArray[np.float32]
    region: BrainRegion

    def by_name(self) -> dict[str, NDArray[np.float32]]:
        """Return the maps under their names in `TRIVIAL_METHODS`."""
        return {
            "brightness": self.brightness,
            "asymmetry": self.asymmetry,
            "center": self.center,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FlairChannel:
    """Which channel stands for FLAIR.

    Attributes:
        index: Channel of the image.
        note: What the reader must know; empty where the sequence is really FLAIR.
    """

    index: int
    note: str


def flair_channel(sequences: Sequence[str]) -> FlairChannel:
    """Find FLAIR among a manifest's sequences.

    Args:
        sequences: Names of the channels, e.g. ("t1", "flair", "t1c"); may be empty.

    Returns:
        The channel named "flair" in any case, else channel 0 with a note that says so.
    """
    names = [name.strip().lower() for name in sequences]
    if "flair" in names:
        return FlairChannel(index=names.index("flair"), note="")
    known = ", ".join(sequences) or "unknown sequences"
    return FlairChannel(
        index=0, note=f"no FLAIR among {known}: trivial maps use channel 0 instead"
    )


def make_trivial_maps(pixels: NDArray[Any], *, flair: int) -> TrivialMaps:
    """Compute the three trivial maps of one slice.

    Args:
        pixels: Shape (height, width) or (height, width, channels), integer or float, as
            decoded. uint8 is taken as it is; other types are scaled so that the 99.9th
            percentile is 255.
        flair: Channel of FLAIR; ignored for a slice with one channel.

    Returns:
        The maps and the brain region. The input is left unchanged.

    Raises:
        DataError: If the shape is another one, or the channel does not exist.
    """
    channels = _on_eight_bit_scale(_with_channels(pixels))  # (height, width, channels)
    channel = flair if channels.shape[2] > 1 else 0
    if not 0 <= channel < channels.shape[2]:
        raise DataError(
            f"channel {flair} for FLAIR, but the slice has {channels.shape[2]} channels"
        )
    region = find_brain(channels)
    if not region.core.any():
        blank = np.zeros(channels.shape[:2], dtype=np.float32)
        return TrivialMaps(
            brightness=blank, asymmetry=blank, center=blank, region=region
        )
    image = channels[..., channel]
    smooth = _smooth(image, _SMOOTHING_SIGMA_PX * _length_scale(image))
    rows, columns = np.nonzero(region.brain)
    mirrored = _mirror(smooth, round(float(columns.mean())))
    grid_rows, grid_columns = np.ogrid[: image.shape[0], : image.shape[1]]
    distance = np.hypot(grid_rows - rows.mean(), grid_columns - columns.mean())
    return TrivialMaps(
        brightness=_inside(smooth, region.core),
        asymmetry=_inside(smooth - mirrored, region.core),
        center=_inside(-distance, region.core),
        region=region,
    )


def find_brain(pixels: NDArray[Any]) -> BrainRegion:
    """Find the brain and its core by thresholds and morphology.

    Brain: holes filled in the opening (twice, cross) of "brightest channel above 25", or
    "above 10" where that leaves fewer than 500 pixels. Core: the brain eroded 12 times; 3
    times where that leaves fewer than 300 pixels; the brain itself where that leaves
    fewer than 50. No skull stripping: it only has to be good enough for a floor.

    Args:
        pixels: Shape (height, width) or (height, width, channels), on a scale of 0 to
            255.

    Returns:
        Both regions; empty for a blank slice.

    Raises:
        DataError: If the shape is another one.
    """
    brightest = _with_channels(pixels).max(axis=2)  # (height, width)
    scale = _length_scale(brightest)
    opening = max(1, round(_OPENING_PX * scale))
    tissue = (brightest > _TISSUE_LEVEL).astype(np.uint8)
    brain = _fill_holes(_dilate(_erode(tissue, opening), opening))
    if brain.sum() < _MIN_BRAIN_AREA_PX * scale**2:
        brain = (brightest > _FAINT_TISSUE_LEVEL).astype(np.uint8)
    core = _erode(brain, max(1, round(_CORE_DEPTH_PX * scale)))
    if core.sum() < _MIN_CORE_AREA_PX * scale**2:
        core = _erode(brain, max(1, round(_THIN_CORE_DEPTH_PX * scale)))
    if core.sum() < _MIN_THIN_CORE_AREA_PX * scale**2:
        core = brain
    return BrainRegion(brain=brain.astype(bool), core=core.astype(bool))


def _with_channels(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.size == 0:
        raise DataError(
            "a slice has shape (height, width) or (height, width, channels); found "
            f"{pixels.shape}"
        )
    return pixels


def _on_eight_bit_scale(pixels: NDArray[Any]) -> NDArray[np.float32]:
    scaled = pixels.astype(np.float32)
    if pixels.dtype == np.uint8:
        return scaled
    bright = float(np.percentile(scaled, 99.9))
    return scaled * np.float32(255 / bright) if bright > 0 else np.zeros_like(scaled)


def _length_scale(image: NDArray[Any]) -> float:
    return float(np.sqrt(image.size)) / REFERENCE_SIDE_PX


def _erode(mask: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    return _morph(cv2.MORPH_ERODE, mask, times)


def _dilate(mask: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    return _morph(cv2.MORPH_DILATE, mask, times)


def _morph(operation: int, mask: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    # Outside the image is background: a head that is cut off erodes from there too.
    result = cv2.morphologyEx(
        mask,
        operation,
        _CROSS,
        iterations=times,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return result.astype(np.uint8, copy=False)


def _fill_holes(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = np.pad(mask, 1)
    cv2.floodFill(padded, None, (0, 0), 2, flags=4)
    return (padded[1:-1, 1:-1] != 2).astype(np.uint8)


def _smooth(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    side = 2 * int(4 * sigma_px + 0.5) + 1
    return cv2.GaussianBlur(
        image, (side, side), sigma_px, borderType=cv2.BORDER_REFLECT
    ).astype(np.float32, copy=False)


def _mirror(image: NDArray[np.float32], column: int) -> NDArray[np.float32]:
    width = image.shape[1]
    source = np.clip(2 * column - np.arange(width), 0, width - 1)
    return image[:, source]


def _inside(
    values: NDArray[np.floating[Any]], core: NDArray[np.bool_]
) -> NDArray[np.float32]:
    return np.where(core, values, values[core].min()).astype(np.float32)
