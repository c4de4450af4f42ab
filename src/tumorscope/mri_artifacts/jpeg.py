"""JPEG: the slice was stored once with loss, as in many public sets.

References:
    Hendrycks and Dietterich (2019), ICLR, ImageNet-C: the five qualities.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

QUALITY = (25, 18, 15, 10, 7)


def compress_jpeg(image: NDArray[np.float64], severity: int) -> NDArray[np.float64]:
    """Store each sequence as a grey JPEG of 8 bit and read it back.

    Grey, because JPEG would mix the sequences as if they were colors.

    Args:
        image: Shape (height, width, sequences), in [0, 1].
        severity: From 1 to 5.

    Returns:
        Shape (height, width, sequences), in [0, 1].
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY[severity - 1]]
    stored = np.rint(image * 255).astype(np.uint8)
    channels = [
        np.asarray(
            cv2.imdecode(
                cv2.imencode(".jpg", np.ascontiguousarray(one), options)[1],
                cv2.IMREAD_GRAYSCALE,
            )
        )
        for one in np.moveaxis(stored, 2, 0)
    ]
    return np.stack(channels, axis=2) / 255
