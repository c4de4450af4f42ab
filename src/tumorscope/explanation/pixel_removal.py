"""Deletion and insertion: what becomes of the score when pixels go in a map's order.

The pixels of the brain are taken away in twenty equal steps, those first that the map holds
for most important, or given back in the same order to a slice that has none of them. A
pixel that is taken away has the median of its sequence in the brain's core, so that no hole
appears. All of it happens on the network's input: the crop and the range of intensities stay
those of the whole slice.

References:
    Petsiuk, Das and Saenko 2018, RISE, section 4.2 (deletion and insertion).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

REMOVAL_STEPS = 20
"""Equal steps in which all pixels of the brain go."""
RANDOM_ORDERS = 5
"""Random orders over which the comparison is averaged."""

ScorePixels = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
"""Prepared pixels (images, size, size, 3) to tumor_probability (images,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalSlice:
    """A slice whose pixels are taken away.

    Attributes:
        pixels: Shape (size, size, 3), uint8, the prepared slice.
        brain: Shape (size, size), bool, the pixels that go.
        core: Shape (size, size), bool, where the filling is measured.

    Raises:
        DataError: If the shapes differ, or there is no brain.
    """

    pixels: NDArray[np.uint8]
    brain: NDArray[np.bool_]
    core: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Refuse a slice of which nothing can go."""
        if not self.pixels.shape[:2] == self.brain.shape == self.core.shape:
            raise DataError(
                f"pixels {self.pixels.shape}, brain {self.brain.shape} and core "
                f"{self.core.shape} must share one grid"
            )
        if not self.brain.any():
            raise DataError("no brain: leave slices without brain out")

    @property
    def filling(self) -> NDArray[np.uint8]:
        """Shape (3,), uint8: the median of each sequence in the core, else the brain."""
        inside = self.core if self.core.any() else self.brain
        return np.median(self.pixels[inside], axis=0).round().astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalAreas:
    """Areas under tumor_probability against the share of the brain, in [0, 1].

    Attributes:
        deletion: While pixels are taken away; a faithful order has a small one.
        insertion: While they are given back; a faithful order has a large one.
    """

    deletion: float
    insertion: float


def order_by_map(
    values: NDArray[np.floating[Any]], brain: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the brain's pixels from the map's highest value to its lowest.

    Args:
        values: Shape (size, size), a map on the network's input.
        brain: Shape (size, size), bool.

    Returns:
        Shape (brain pixels,), int64, flat positions; of equal values the first in row
        order comes first.
    """
    positions = np.flatnonzero(brain)
    order = np.argsort(-values.ravel()[positions], kind="stable")
    return positions[order].astype(np.int64)


def order_at_random(
    brain: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return the brain's pixels in a random order; shape (brain pixels,), int64."""
    return generator.permutation(np.flatnonzero(brain)).astype(np.int64)


def remove_pixels(
    each: RemovalSlice,
    orders: Mapping[str, NDArray[np.int64]],
    score: ScorePixels,
) -> dict[str, RemovalAreas]:
    """Take away and give back the pixels of one slice in several orders.

    Args:
        each: The slice.
        orders: By name, flat positions of all its brain pixels.
        score: Runs the model.

    Returns:
        By name, both areas by the trapezoid rule over 21 points.
    """
    without = each.pixels.copy()
    without[each.brain] = each.filling
    whole_score, empty_score = score(np.stack([each.pixels, without]))
    found = {}
    for name, order in orders.items():
        deleted = _exchange(each.pixels, without, order)
        inserted = _exchange(without, each.pixels, order)
        scores = score(np.concatenate([deleted, inserted]))
        falling, rising = np.split(scores, 2)
        found[name] = RemovalAreas(
            deletion=_area(whole_score, falling, empty_score),
            insertion=_area(empty_score, rising, whole_score),
        )
    return found


def _exchange(
    start: NDArray[np.uint8], end: NDArray[np.uint8], order: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return the pictures between `start` and `end`; shape (19, size, size, 3)."""
    pictures = np.repeat(start[None], REMOVAL_STEPS - 1, axis=0)
    flat = pictures.reshape(REMOVAL_STEPS - 1, -1, start.shape[2])
    source = end.reshape(-1, start.shape[2])
    for step in range(1, REMOVAL_STEPS):
        gone = order[: round(step * len(order) / REMOVAL_STEPS)]
        flat[step - 1, gone] = source[gone]
    return pictures


def _area(first: float, between: NDArray[np.float64], last: float) -> float:
    curve = np.concatenate([[first], between, [last]])
    return float(np.trapezoid(curve, dx=1 / REMOVAL_STEPS))
