"""Maps and regions of an image on the grid of the network's input."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.explanation.attribution import overlap
from tumorscope.preprocessing import CropBox


def to_input_grid(
    values: NDArray[Any], box: CropBox, size_px: int, *, outside: float
) -> NDArray[np.float32]:
    """Cut a map to the square that the network sees, and resize it to the input.

    The way back of `to_original_grid`, up to resampling.

    Args:
        values: Shape (height, width), a map or a region on the grid of the image.
        box: Where the square lies; it may reach outside the image.
        size_px: Side of the network's input.
        outside: Value of the parts of the square outside the image.

    Returns:
        Shape (size_px, size_px), float32, averaged where the square is larger than the
        input, bilinear otherwise. A region becomes the share that it covers.

    Raises:
        DataError: If the square does not touch the image.
    """
    rows, columns = overlap(box, *values.shape)
    square = np.full((box.side_px, box.side_px), outside, dtype=np.float32)
    square[
        rows.start - box.top_px : rows.stop - box.top_px,
        columns.start - box.left_px : columns.stop - box.left_px,
    ] = values[rows, columns]
    method = cv2.INTER_AREA if box.side_px >= size_px else cv2.INTER_LINEAR
    resized = cv2.resize(square, (size_px, size_px), interpolation=method)
    return np.asarray(resized, dtype=np.float32)
