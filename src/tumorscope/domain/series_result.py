"""What a model says of one series, ready to be filed beside its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin
from tumorscope.domain.slice_stack import SliceStack

PIXEL_NOTICE = "RESEARCH USE ONLY - NOT FOR DIAGNOSIS"
"""Stands in the pixels of every picture that leaves for a PACS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model it was.

    Attributes:
        name: Of the bundle.
        version: Of Tumorscope.
        weights_digest: SHA-256 of the weights, 64 hexadecimal digits.
    """

    name: str
    version: str
    weights_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceResult:
    """What the model says of one slice.

    Attributes:
        index: Rank in the stack, from 0 (lowest).
        tumor_probability: Calibrated score in [0, 1].
        decision: "above threshold", "not above" or "refer".
        class_map: Shape (rows, columns) of the stack, float32, in logits: positive moved
            the score towards tumor; 0 where the network saw nothing.
    """

    index: int
    tumor_probability: float
    decision: str
    class_map: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A picture of a slice and its map.

    Attributes:
        index: Of the slice.
        picture: Shape (height, width, 3), uint8, RGB; without identity.
    """

    index: int
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesResult:
    """All that is filed of one series.

    Attributes:
        model: Who says so.
        stack: The slices, for their geometry.
        origin: The files of the series whose grid they have.
        further: Those of other series that channels were made from.
        threshold_probability: A slice is above it when its score is greater.
        slices: Scored slices, from the lowest upwards; at least one.
        overlays: Pictures of some of them.
        made: When, with a time zone.

    Raises:
        DataError: If no slice was scored, a map has another shape than the slices, or
            the time has no zone.
    """

    model: ModelIdentity
    stack: SliceStack
    origin: ScanOrigin
    further: tuple[ScanOrigin, ...]
    threshold_probability: float
    slices: tuple[SliceResult, ...]
    overlays: tuple[Overlay, ...]
    made: datetime

    def __post_init__(self) -> None:
        """Refuse a result that nothing can be said of."""
        if not self.slices:
            raise DataError("no slice was scored: there is no result to file")
        shape = self.stack.pixels.shape[1:3]
        if any(one.class_map.shape != shape for one in self.slices):
            raise DataError("a class map has another shape than its slice")
        if self.made.tzinfo is None:
            raise DataError("the time of a result needs a zone")
