"""The eight ways in which a square picture can be turned and mirrored.

An orientation is a number from 0 to 7 of three bits: bit 2 swaps rows and columns, then
bit 1 reverses the rows, then bit 0 reverses the columns. Every mirroring and every turn by
90 degrees is one of them.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS = 8
ORIENTATION_WORDS = (
    "not turned",
    "mirrored left-right",
    "mirrored up-down",
    "turned by 180 degrees",
    "mirrored along the diagonal",
    "turned by 90 degrees clockwise",
    "turned by 90 degrees counterclockwise",
    "mirrored along the other diagonal",
)
_Scalar = TypeVar("_Scalar", bound=np.generic)


def orient(pictures: NDArray[_Scalar], orientation: int) -> NDArray[_Scalar]:
    """Turn pictures.

    Args:
        pictures: Shape (..., side, side).
        orientation: From 0 to 7.

    Returns:
        A view of the same shape.
    """
    if orientation & 4:
        pictures = np.swapaxes(pictures, -1, -2)
    if orientation & 2:
        pictures = pictures[..., ::-1, :]
    if orientation & 1:
        pictures = pictures[..., :, ::-1]
    return pictures


def orient_each(
    pictures: NDArray[_Scalar], orientations: NDArray[Any]
) -> NDArray[_Scalar]:
    """Turn every picture its own way.

    Args:
        pictures: Shape (n, side, side).
        orientations: Shape (n,), from 0 to 7.

    Returns:
        A new array of the same shape.
    """
    turned = pictures.copy()
    for orientation in np.unique(orientations):
        chosen = orientations == orientation
        turned[chosen] = orient(pictures[chosen], int(orientation))
    return turned


def invert_orientation(orientations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the orientations that undo these, same shape.

    A swap of rows and columns exchanges which of the two is reversed.
    """
    swapped = 4 | (orientations & 1) << 1 | (orientations & 2) >> 1
    return np.where(orientations & 4, swapped, orientations).astype(np.int64)
