"""Motion: the head takes a new pose twice while k-space is filled line by line.

References:
    Shaw et al. (2019), MICCAI, "MRI k-space motion artefact augmentation" (k-space lines of
    several poses are put together).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.mri_artifacts.k_space import to_image, to_k_space

ROTATION_DEGREES = (1.0, 2.0, 3.0, 5.0, 8.0)
SHIFT_PX = (1.0, 2.0, 4.0, 6.0, 10.0)
POSES = 2


def move_head(
    image: NDArray[np.float64], severity: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Fill k-space from the first row to the last while the head moves twice.

    Each of two random rows starts a new pose, which is kept to the next one: a rotation
    about the middle of the image and a shift along both axes, uniform within plus and
    minus the limits of the severity. Drawn in this order: the two rows, then for each
    pose rotation, shift along the rows, shift along the columns.

    Args:
        image: Shape (height, width, sequences), in [0, 1]; at least two rows.
        severity: From 1 to 5.
        rng: Draws the rows and the poses, which all sequences share.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    rotation, shift = ROTATION_DEGREES[severity - 1], SHIFT_PX[severity - 1]
    starts = np.sort(rng.choice(len(image), POSES, replace=False))
    k_space = to_k_space(image)
    for start in starts:
        angle = rng.uniform(-rotation, rotation)
        down, right = rng.uniform(-shift, shift, 2)
        moved = _posed(image, angle, down_px=down, right_px=right)
        k_space[start:] = to_k_space(moved)[start:]
    return to_image(k_space)


def _posed(
    image: NDArray[np.float64], angle: float, *, down_px: float, right_px: float
) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, angle, 1.0)
    matrix[:, 2] += np.array((right_px, down_px))
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(moved, dtype=np.float64).reshape(image.shape)
