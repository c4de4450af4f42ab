"""Fine detail of pictures, and how far it agrees in two of them.

Two slices that lie next to each other in a head agree in the large and differ in the
small: sulci shift, vessels move, and the noise is another. A copy agrees everywhere, down
to the detail that its encoding left. So fine detail is compared part by part, and the
agreement of a pair is the correlation that four fifths of the parts reach. One changed
corner, such as a burned-in mark, does no harm.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

PICTURE_PX = 96
"""Side of the normalized picture: about 2 mm of a head, so that half size still fills it."""
MIN_PARTS = 12
"""Parts that must have detail; with fewer, agreement would be chance."""
_FINE, _COARSE = 1.0, 4.0
"""Gaussians whose difference is fine detail, in pixels of the picture."""
_PARTS = 6
"""Parts along each axis, of 16 pixels each."""
_MIN_COVERED = 0.7
"""Share of a part that both slices must show."""
_MIN_VARIANCE = 36.0
"""Variance of fine detail that a part must have; a picture has 40 levels for one standard
deviation of the surroundings."""
_QUANTILE = 0.2
_TINY = 1e-6


def count_detailed_parts(picture: NDArray[np.float32]) -> int:
    """Count the parts of a picture that have fine detail.

    Args:
        picture: Shape (96, 96), float32.

    Returns:
        From 0 to 36.
    """
    detail = _fine_detail(picture)
    mean, square = _part_means(np.stack([detail, detail**2]))
    return int((square - mean**2 > _MIN_VARIANCE).sum())


def measure_agreement(
    moved: NDArray[np.float32], target: NDArray[np.float32], inside: NDArray[np.bool_]
) -> float:
    """Measure how far two aligned pictures agree in fine detail.

    Args:
        moved: Shape (96, 96), float32, zero where there is nothing.
        target: The same shape.
        inside: Shape (96, 96), bool: where both pictures show something.

    Returns:
        The 20th percentile of the parts' correlations, in [-1, 1]; 0 where fewer than 12
        parts have detail.
    """
    covered = inside.astype(np.float32)
    first, second = (_fine_detail(each * covered) * covered for each in (moved, target))
    share, *sums = _part_means(
        np.stack([covered, first, second, first**2, second**2, first * second])
    )
    one, two, one_one, two_two, one_two = (
        each / np.maximum(share, _TINY) for each in sums
    )
    variances = (one_one - one**2) * (two_two - two**2)
    smaller = np.minimum(one_one - one**2, two_two - two**2)
    usable = (share >= _MIN_COVERED) & (smaller > _MIN_VARIANCE)
    if usable.sum() < MIN_PARTS:
        return 0.0
    correlation = (one_two - one * two)[usable] / np.sqrt(variances[usable])
    return float(np.quantile(correlation, _QUANTILE))


def _fine_detail(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    fine = cv2.GaussianBlur(picture, (0, 0), _FINE)
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), _COARSE), np.float32)


def _part_means(layers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each layer over each part, shape (layers, parts)."""
    side = layers.shape[1] // _PARTS
    parts = layers.reshape(len(layers), _PARTS, side, _PARTS, side)
    return parts.mean(axis=(2, 4)).reshape(len(layers), -1)
