"""The pixels of one image object as they are stored, with what their numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPixels:
    """Frames of one file.

    Attributes:
        frames: Shape (frames, rows, columns) or (frames, rows, columns, 3), any integer
            type; three samples are red, green and blue.
        bits_stored: Bits that hold the value, from 1 to those of the type.
        is_inverted: Whether the lowest value is shown white (MONOCHROME1).

    Raises:
        DataError: If the shape, the type or a value is not of this kind.
    """

    frames: NDArray[Any]
    bits_stored: int
    is_inverted: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no stack of integer frames, or does not fit into its bits."""
        if self.frames.ndim not in (3, 4) or 0 in self.frames.shape:
            raise DataError(
                f"frames have three or four axes; found {self.frames.shape}"
            )
        if self.frames.ndim == 4 and self.frames.shape[3] != 3:
            raise DataError("color frames have three samples for each pixel")
        if self.frames.dtype.kind not in "iu":
            raise DataError(f"stored pixels are integers; found {self.frames.dtype}")
        if not 1 <= self.bits_stored <= 8 * self.frames.dtype.itemsize:
            raise DataError(
                f"{self.bits_stored} bits do not fit the type of the pixels"
            )
        low, high = self.limits
        if int(self.frames.min()) < low or int(self.frames.max()) > high:
            raise DataError(
                f"values beyond the {self.bits_stored} bits that are stored"
            )

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest value that the stored bits can hold."""
        if self.frames.dtype.kind == "u":
            return 0, (1 << self.bits_stored) - 1
        half = 1 << (self.bits_stored - 1)
        return -half, half - 1

    @property
    def background(self) -> int:
        """The value that is shown darkest among those in use; fits the stored bits.

        Taken from the pixels, because zero is not always air: signed and rescaled
        images put it elsewhere. Color frames have black.
        """
        if self.frames.ndim == 4:
            return 0
        darkest = self.frames.max() if self.is_inverted else self.frames.min()
        return int(darkest)

    def pictures(self, frame: int) -> tuple[NDArray[np.float32], ...]:
        """Return the gray pictures of a frame: one, or one for each color.

        Returns:
            Each of shape (rows, columns), float32, bright where it is shown bright.
        """
        shown = self.frames[frame].astype(np.float32)
        if self.is_inverted:
            shown = -shown
        if shown.ndim == 2:
            return (shown,)
        return tuple(np.ascontiguousarray(shown[..., color]) for color in range(3))
