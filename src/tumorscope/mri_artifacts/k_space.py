"""Between an image and its k-space, each sequence on its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_AXES = (0, 1)


def to_k_space(image: NDArray[np.floating]) -> NDArray[np.complexfloating]:
    """Return the Fourier transform with frequency zero in the middle.

    Args:
        image: Shape (height, width, sequences).

    Returns:
        Shape (height, width, sequences), complex; frequency zero is at
        (height // 2, width // 2). Rows are phase-encoding lines.
    """
    return np.fft.fftshift(np.fft.fft2(image, axes=_AXES), axes=_AXES)


def to_image(k_space: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Return the magnitude image, as a scanner reconstructs it.

    Args:
        k_space: Shape (height, width, sequences), as from `to_k_space`.

    Returns:
        Shape (height, width, sequences), not negative.
    """
    return np.abs(np.fft.ifft2(np.fft.ifftshift(k_space, axes=_AXES), axes=_AXES))


def line_offsets(lines: int) -> NDArray[np.int64]:
    """Return how far each line lies from frequency zero; shape (lines,)."""
    return np.arange(lines) - lines // 2
