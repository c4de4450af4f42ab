"""Rician noise: the magnitude of a signal with Gaussian noise in both its parts.

References:
    Gudbjartsson and Patz (1995), Magnetic Resonance in Medicine 34:910-914.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIGMA_OF_SIGNAL = (0.02, 0.04, 0.07, 0.11, 0.16)
SIGNAL_PERCENTILE = 99
BRAIN_LEVEL, FAINT_LEVEL = 25 / 255, 10 / 255
SMALLEST_BRAIN_PX = 500
OPENINGS = 2


def add_rician_noise(
    image: NDArray[np.float64], severity: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return sqrt((image + a)^2 + b^2) with Gaussian a and b.

    Their standard deviation is a share of the sequence's 99th percentile inside the brain.
    Every sequence has noise of its own: first all of a, then all of b is drawn.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.
        rng: Draws the noise.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    inside = find_brain(image)
    signal = np.percentile(image[inside], SIGNAL_PERCENTILE, axis=0)  # (sequences,)
    sigma = SIGMA_OF_SIGNAL[severity - 1] * signal
    real = image + sigma * rng.standard_normal(image.shape)
    return np.hypot(real, sigma * rng.standard_normal(image.shape))


def find_brain(image: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the brain of a slice in which air is dark.

    The maximum over the sequences is above 25 of 255, opened twice, holes filled; where
    that has less than 500 pixels, the maximum above 10 of 255; where nothing is that
    bright, the whole image.

    Args:
        image: Shape (height, width, sequences), in [0, 1].

    Returns:
        Shape (height, width), bool, with at least one pixel.
    """
    brightest = image.max(axis=2)
    opened = ndimage.binary_opening(brightest > BRAIN_LEVEL, iterations=OPENINGS)
    brain: NDArray[np.bool_] = ndimage.binary_fill_holes(opened)
    if brain.sum() < SMALLEST_BRAIN_PX:
        brain = brightest > FAINT_LEVEL
    return brain if brain.any() else np.ones_like(brain)
