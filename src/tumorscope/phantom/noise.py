"""Smooth random fields: the only source of irregularity in a phantom head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.phantom.atlas import Field3D, Volume

MAX_SPACING_MM = 8.0  # linear interpolation shows kinks on a wider grid


def draw_noise_field(
    rng: np.random.Generator, scale_mm: float, *, half_width_mm: float = 120.0
) -> Field3D:
    """Draw Gaussian noise with a given correlation length.

    Args:
        rng: Source of randomness.
        scale_mm: Correlation length, above zero.
        half_width_mm: The field covers a cube from minus to plus this; it wraps at the
            edge value outside.

    Returns:
        A field of mean 0 and standard deviation 1.
    """
    spacing_mm = min(scale_mm / 2, MAX_SPACING_MM)
    count = int(np.ceil(2 * half_width_mm / spacing_mm)) + 1
    white = rng.standard_normal((count, count, count), dtype=np.float32)
    smooth = ndimage.gaussian_filter(white, scale_mm / (2 * spacing_mm), mode="wrap")
    values = (smooth - smooth.mean()) / (smooth.std() + np.float32(1e-6))
    return Field3D(
        values=values, origin_mm=(-half_width_mm,) * 3, spacing_mm=spacing_mm
    )


def ramp(distance: NDArray[np.floating], width: float) -> NDArray[np.float32]:
    """Return a partial-volume share: 0 below -width / 2, 1 above width / 2, linear.

    Args:
        distance: Any shape, signed, in the unit of `width`; positive inside.
        width: Width of the transition, above zero.

    Returns:
        Same shape, float32, in [0, 1].
    """
    scaled = np.asarray(distance, np.float32) * np.float32(1 / width)
    return np.clip(scaled + np.float32(0.5), 0, 1)


def distance_mm(points_mm: Volume, center_mm: NDArray[np.floating]) -> Volume:
    """Return the Euclidean distance of points, shape (3, n), from one centre."""
    offset = points_mm - np.asarray(center_mm, np.float32)[:, None]
    return np.sqrt(np.einsum("in,in->n", offset, offset))
