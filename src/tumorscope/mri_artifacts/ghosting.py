"""Ghosting: every other phase-encoding line is weaker, as with pulsation or a bad echo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.mri_artifacts.k_space import line_offsets, to_image, to_k_space

WEAKENING = (0.1, 0.2, 0.35, 0.5, 0.7)
KEPT_SHARE = 0.02


def add_ghosts(image: NDArray[np.float64], severity: int) -> NDArray[np.float64]:
    """Weaken the odd rows of k-space, except for the central 2 %.

    A copy of the head appears half a field of view away. Rows are counted from 0 at the
    most negative frequency; the central rows are those at most 1 % of the height away
    from frequency zero.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    height = len(image)
    is_odd = np.arange(height) % 2 == 1
    is_central = np.abs(line_offsets(height)) <= KEPT_SHARE / 2 * height
    k_space = to_k_space(image)
    k_space[is_odd & ~is_central] *= 1 - WEAKENING[severity - 1]
    return to_image(k_space)
