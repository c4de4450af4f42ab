"""Class maps on the grid of the pictures that they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard
from tumorscope.explanation.attribution import seen_pixels, to_original_grid
from tumorscope.preprocessing import find_head


def map_on_picture(
    picture: NDArray[Any], class_map: NDArray[np.float32], card: BundleCard
) -> NDArray[np.float32]:
    """Return a class map on the grid of its picture.

    Args:
        picture: Shape (rows, columns) or (rows, columns, 3), as it was scored.
        class_map: Shape (h, w), float32, of the network.
        card: Says how the picture was cropped.

    Returns:
        Shape (rows, columns), float32; 0 where the network saw nothing.
    """
    brightest = picture if picture.ndim == 2 else picture.max(axis=2)
    box = find_head(brightest, card.preprocess)
    on_grid = to_original_grid(class_map, box, *brightest.shape)
    on_grid[~seen_pixels(box, *brightest.shape)] = 0
    return on_grid
