"""How far a slice lies from the training data: Mahalanobis distances, shrunk.

References:
    Lee et al. (2018), NeurIPS: Mahalanobis distance for detecting foreign inputs.
    Tipping and Bishop (1999), JRSS B 61: directions of large spread are kept, the others
    share one variance, so that few patients suffice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.input_gate.features import SliceFeatures

Array = NDArray[np.float32]
LARGEST_DEVIATION = 30.0
"""Standard deviations that a feature counts for at most."""
USUAL_HEAD, SMALLEST_HEAD = 0.25, 0.05
"""Share of the picture from which on a head section is of usual size, and the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockModel:
    """Where the training data lie in one block of features.

    Attributes:
        mean: Shape (features,), of the training slices.
        scale: Shape (features,), their standard deviation, floored.
        directions: Shape (directions, features), orthonormal.
        variance: Shape (directions,), of the standardized features along each.
        rest: Shape (1,), variance of every other direction.
        unit: Shape (1,), the median distance of the tuning slices; distances are told in
            multiples of it.
    """

    mean: Array
    scale: Array
    directions: Array
    variance: Array
    rest: Array
    unit: Array

    def distance(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the distances of slices, in multiples of `unit`.

        Args:
            features: Shape (slices, features).

        Returns:
            Shape (slices,), at least 0: the root mean square of the whitened features.
        """
        limit = np.float32(LARGEST_DEVIATION)
        z = np.clip((features - self.mean) / self.scale, -limit, limit)
        along = z @ self.directions.T  # (slices, directions)
        beside = np.maximum((z**2).sum(axis=1) - (along**2).sum(axis=1), 0)
        square = (along**2 / self.variance).sum(axis=1) + beside / self.rest
        return np.sqrt(square.astype(np.float64) / z.shape[1]) / float(self.unit[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceModel:
    """The block models of a bundle.

    Attributes:
        blocks: By the block's name, see `SliceFeatures`.
    """

    blocks: Mapping[str, BlockModel]

    def distance(self, features: SliceFeatures) -> float:
        """Return the root mean square over the blocks that the slice has.

        Where the head is cut near its top or bottom, few pixels are averaged, and averages
        of n pixels spread as 1 / sqrt(n): the distance is scaled by that.
        """
        squares = [
            float(self.blocks[name].distance(values[None])[0]) ** 2
            for name, values in features.blocks.items()
            if name in self.blocks
        ]
        few = min(1.0, max(features.head_share, SMALLEST_HEAD) / USUAL_HEAD)
        return float(np.sqrt(np.mean(squares) * few))

    def as_arrays(self) -> dict[str, Array]:
        """Return all arrays by name, for a file."""
        return {
            f"{name}.{each.name}": getattr(block, each.name)
            for name, block in self.blocks.items()
            for each in fields(BlockModel)
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Read what `as_arrays` returned.

        Raises:
            DataError: If an array is missing or unknown.
        """
        names = {name.rpartition(".")[0] for name in arrays}
        wanted = {
            f"{name}.{each.name}" for name in names for each in fields(BlockModel)
        }
        if not names or wanted != set(arrays):
            raise DataError(
                f"the input gate's arrays {sorted(arrays)} are not those of this version; "
                "copy the bundle anew"
            )
        return cls(
            blocks={
                name: BlockModel(
                    **{
                        each.name: arrays[f"{name}.{each.name}"]
                        for each in fields(BlockModel)
                    }
                )
                for name in sorted(names)
            }
        )
