"""Which voxels of a file stay when its face is removed: small enough to be sent along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVoxels:
    """A mask on a coarse grid.

    Attributes:
        bits: One bit for each block, slice after slice.
        shape: Slices, rows and columns of blocks.
        steps: Rows and columns of a block.
        proves: Whether nothing but the brain stays, so that the file may say that no
            face is left.
    """

    bits: bytes
    shape: tuple[int, int, int]
    steps: tuple[int, int]
    proves: bool

    @classmethod
    def from_blocks(
        cls, blocks: NDArray[np.bool_], steps: tuple[int, int], *, proves: bool
    ) -> KeptVoxels:
        """Return the mask of some blocks.

        Args:
            blocks: Shape (slices, rows, columns), bool.
            steps: Rows and columns of a block.
            proves: See the attribute.
        """
        slices, rows, columns = blocks.shape
        return cls(
            bits=np.packbits(blocks).tobytes(),
            shape=(slices, rows, columns),
            steps=steps,
            proves=proves,
        )

    def spread(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """Return the mask for frames of some size.

        Args:
            rows: Rows of a frame.
            columns: Columns of a frame.

        Returns:
            Shape (slices, rows, columns), bool.
        """
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8))
        blocks: NDArray[Any] = flat[: int(np.prod(self.shape))].reshape(self.shape)
        fine = blocks.astype(bool)
        for axis, step in zip((1, 2), self.steps, strict=True):
            fine = fine.repeat(step, axis=axis)
        return np.ascontiguousarray(fine[:, :rows, :columns])
