"""Bias field: the coil receives some parts of the head better than others.

References:
    Van Leemput et al. (1999), IEEE TMI 18:885-896 (a polynomial in the logarithm).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOG_RANGE = (0.1, 0.2, 0.35, 0.5, 0.8)
ORDER = 3


def shade(
    image: NDArray[np.float64], severity: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Multiply by exp(c P), P a random cubic polynomial with a largest magnitude of 1.

    P has all ten terms x^i y^j with i + j <= 3, x and y from -1 to 1 over the image, and
    coefficients uniform in [-1, 1], drawn for rising i, then rising j.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.
        rng: Draws the polynomial, which all sequences share.

    Returns:
        Shape (height, width, sequences), not negative; may exceed 1.
    """
    height, width = image.shape[:2]
    y, x = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    coefficients = rng.uniform(-1, 1, len(powers))
    field = np.zeros((height, width))
    for coefficient, (i, j) in zip(coefficients, powers, strict=True):
        field += coefficient * x**i * y**j
    field /= np.abs(field).max()
    return image * np.exp(LOG_RANGE[severity - 1] * field)[..., None]
