"""Gamma: another contrast between dark and bright tissue."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LOG_EXPONENT = (0.1, 0.2, 0.35, 0.5, 0.7)


def change_gamma(
    image: NDArray[np.float64], severity: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Raise the image to exp(c) or exp(-c), each with probability one half.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.
        rng: Draws the sign, which all sequences share.

    Returns:
        Shape (height, width, sequences), in [0, 1].
    """
    sign = rng.choice((-1, 1))
    return image ** math.exp(sign * LOG_EXPONENT[severity - 1])
