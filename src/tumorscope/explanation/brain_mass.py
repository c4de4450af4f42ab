"""How much of a map lies where no tumor can be: outside the brain, on healthy slices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def mass_outside_brain(
    values: NDArray[np.floating[Any]],
    brain: NDArray[np.bool_],
    seen: NDArray[np.bool_],
) -> float:
    """Return sum |map| outside the brain over sum |map|.

    Pixels that the network never saw carry a filled-in value and do not count.

    Args:
        values: Shape (height, width), the map.
        brain: Shape (height, width), bool.
        seen: Shape (height, width), bool, where the map was computed.

    Returns:
        In [0, 1]; NaN for a map that is zero everywhere, or a slice without brain.
    """
    mass = np.abs(values[seen].astype(np.float64))
    if not brain.any() or not mass.sum():
        return float("nan")
    return float(mass[~brain[seen]].sum() / mass.sum())


def highlighted_share(binary: NDArray[np.bool_], brain: NDArray[np.bool_]) -> float:
    """Return which share of the brain's pixels a binary map covers.

    Args:
        binary: Shape (height, width), bool, all components.
        brain: Shape (height, width), bool.

    Returns:
        In [0, 1]; NaN for a slice without brain.
    """
    area = int(np.count_nonzero(brain))
    return int(np.count_nonzero(binary & brain)) / area if area else float("nan")
