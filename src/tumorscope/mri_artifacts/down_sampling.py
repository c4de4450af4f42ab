"""Down-sampling: the slice was stored smaller and enlarged again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_SHARE = (0.7, 0.5, 0.375, 0.25, 0.18)


def down_sample(image: NDArray[np.float64], severity: int) -> NDArray[np.float64]:
    """Shrink both sides to a share and enlarge them again, bilinear both times.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.

    Returns:
        Shape (height, width, sequences), in [0, 1].
    """
    height, width = image.shape[:2]
    share = SIDE_SHARE[severity - 1]
    small = (max(1, round(share * width)), max(1, round(share * height)))
    shrunk = cv2.resize(image, small, interpolation=cv2.INTER_LINEAR)
    enlarged = cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, dtype=np.float64).reshape(image.shape)
