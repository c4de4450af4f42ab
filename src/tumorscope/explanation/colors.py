"""Color scales of maps, to be told apart with any kind of color vision.

Cividis (Nunez et al. 2018) where a map only ranks pixels; blue to orange with a dark middle
("managua", Crameri et al. 2020) where the sign has a meaning.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from tumorscope.explanation.attribution import Attribution

Picture = NDArray[np.uint8]

_LEVELS = np.arange(256)
RANK_COLORS: Picture = colormaps["cividis"](_LEVELS, bytes=True)[:, :3]
"""Shape (256, 3), uint8: from the lowest to the highest value."""
SIGNED_COLORS: Picture = colormaps["managua_r"](_LEVELS, bytes=True)[:, :3]
"""Shape (256, 3), uint8: against tumor (blue), neutral (dark), towards (orange)."""

_FULL_SCALE_PERCENTILE = 99.5


def value_range(attribution: Attribution) -> tuple[float, float]:
    """Return the values at the two ends of the color scale.

    Args:
        attribution: Looked at where it was computed, not where it was filled in.

    Returns:
        Lowest and highest value; for a signed map minus and plus the 99.5th percentile of
        the absolute values, because single pixels would fade all others.
    """
    values = attribution.map
    if attribution.seen is not None:
        values = values[attribution.seen]
    if not attribution.signed:
        return float(values.min()), float(values.max())
    sizes = np.abs(values)
    largest = float(np.percentile(sizes, _FULL_SCALE_PERCENTILE)) or float(sizes.max())
    return -largest, largest


def color_map(
    values: NDArray[np.float32], ends: tuple[float, float], *, signed: bool
) -> tuple[Picture, NDArray[np.float32]]:
    """Turn map values into colors and strengths.

    Args:
        values: Shape (height, width), finite; clipped to the ends.
        ends: From `value_range`.
        signed: Whether the middle of the scale is neutral.

    Returns:
        Colors of shape (height, width, 3), uint8, and strength of shape (height, width),
        float32, in [0, 1]: the distance from neutral (signed) or from the lowest value. A
        scale without extent gives strength 0 everywhere.
    """
    low, high = ends
    if low >= high:
        share = np.full(values.shape, 0.5 if signed else 0.0, dtype=np.float32)
    else:
        share = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    table = SIGNED_COLORS if signed else RANK_COLORS
    strength = np.abs(2 * share - 1) if signed else share
    return table[np.rint(share * 255).astype(np.uint8)], strength
