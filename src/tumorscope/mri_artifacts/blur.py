"""Blur and Gibbs ringing: the outer part of k-space was never measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.mri_artifacts.k_space import line_offsets, to_image, to_k_space

KEPT_SHARE = (0.7, 0.5, 0.4, 0.3, 0.22)


def truncate_k_space(image: NDArray[np.float64], severity: int) -> NDArray[np.float64]:
    """Keep the central share of k-space along each axis and fill the rest with zeros.

    The sharp end of the measured part blurs the image and lets edges ring.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    share = KEPT_SHARE[severity - 1]
    k_space = to_k_space(image)
    rows, columns = (
        np.abs(line_offsets(lines)) <= share * lines / 2 for lines in image.shape[:2]
    )
    return to_image(k_space * (rows[:, None] & columns)[..., None])
