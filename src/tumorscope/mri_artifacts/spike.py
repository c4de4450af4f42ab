"""Spike: one bad sample of k-space lays stripes over the whole image ("herringbone")."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tumorscope.mri_artifacts.k_space import to_image, to_k_space

HEIGHT_OF_MAXIMUM = (0.1, 0.25, 0.5, 1.0, 2.0)
RADIUS_SAMPLES = (10.0, 60.0)


def add_spike(
    image: NDArray[np.float64], severity: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Set one conjugate pair of k-space to a multiple of the largest magnitude.

    The pair is real and positive. Drawn in this order: the radius, uniform from 10 to 60
    samples, then the angle, uniform. An image of less than 122 pixels has no sample at
    60: there the upper end is the last full radius.

    Args:
        image: Shape (height, width, sequences), in [0, 1]; at least 5 x 5.
        severity: From 1 to 5.
        rng: Draws the place, which all sequences share.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    height, width = image.shape[:2]
    room = (min(height, width) - 1) // 2
    low, high = (min(limit, float(room)) for limit in RADIUS_SAMPLES)
    radius, angle = rng.uniform(low, high), rng.uniform(0, 2 * math.pi)
    down, right = round(radius * math.sin(angle)), round(radius * math.cos(angle))
    k_space = to_k_space(image)
    largest = np.abs(k_space).max(axis=(0, 1))  # (sequences,)
    for sign in (-1, 1):
        place = (height // 2 + sign * down, width // 2 + sign * right)
        k_space[place] = HEIGHT_OF_MAXIMUM[severity - 1] * largest
    return to_image(k_space)
