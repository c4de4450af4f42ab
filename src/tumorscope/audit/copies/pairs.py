"""Pairs of slices that are copies of each other, and what was changed on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.fingerprint import CopyFingerprints
from tumorscope.audit.copies.orientation import (
    ORIENTATION_WORDS,
    invert_orientation,
)
from tumorscope.audit.copies.verification import Compared

_CUT_SHARE = 0.02
"""Share of a side that must be missing to be called a crop: a box moves by a pixel or so."""
_RESIZED_SHARE = 0.04
_LEVEL_STEP = 10
"""Largest difference of two quantiles, of 255, that is not called a change of contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPairs:
    """Changed copies: the first slice, turned and cropped, is the second.

    Which of two is the original cannot be known. Turning comes before cropping; rows and
    columns are those of the turned first slice, and of the second.

    Attributes:
        first: Shape (pairs,), int64: number of the first slice.
        second: Shape (pairs,), int64: number of the second.
        orientation: Shape (pairs,), int64: how the first is turned, see `orientation`.
        scale: Shape (pairs, 2), float32: which share of the first head's height and width
            the second shows; over 1 where the second shows more.
        shift: Shape (pairs, 2), float32: where that share begins.
        resized: Shape (pairs,), float32: how many pixels of the second are as long as one
            of the first.
        is_inverted: Shape (pairs,), bool: whether dark and bright were exchanged.
        is_recontrasted: Shape (pairs,), bool: whether grey levels are spread otherwise.
        agreement: Shape (pairs,), float32: how far the fine detail agrees, at most 1.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    orientation: NDArray[np.int64]
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]
    resized: NDArray[np.float32]
    is_inverted: NDArray[np.bool_]
    is_recontrasted: NDArray[np.bool_]
    agreement: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    def take(self, rows: NDArray[np.int64]) -> CopyPairs:
        """Return these pairs, in this order."""
        return CopyPairs(
            first=self.first[rows],
            second=self.second[rows],
            orientation=self.orientation[rows],
            scale=self.scale[rows],
            shift=self.shift[rows],
            resized=self.resized[rows],
            is_inverted=self.is_inverted[rows],
            is_recontrasted=self.is_recontrasted[rows],
            agreement=self.agreement[rows],
        )

    def swapped(self) -> CopyPairs:
        """Return the same pairs seen from the other side."""
        swaps = (self.orientation & 4) > 0
        is_reversed = np.stack([self.orientation & 2, self.orientation & 1], axis=1) > 0
        scale = 1 / self.scale
        shift = np.where(is_reversed, 1 - (1 - self.shift) * scale, -self.shift * scale)
        return CopyPairs(
            first=self.second,
            second=self.first,
            orientation=invert_orientation(self.orientation),
            scale=np.where(swaps[:, None], scale[:, ::-1], scale),
            shift=np.where(swaps[:, None], shift[:, ::-1], shift).astype(np.float32),
            resized=(1 / self.resized).astype(np.float32),
            is_inverted=self.is_inverted,
            is_recontrasted=self.is_recontrasted,
            agreement=self.agreement,
        )

    def changes(self, row: int) -> tuple[str, ...]:
        """Say what was done to the first slice of a pair to get the second.

        Returns:
            Words for a reader, in the order in which they were found out; "encoded anew"
            alone where nothing else can be told.
        """
        found = []
        if self.orientation[row]:
            found.append(ORIENTATION_WORDS[self.orientation[row]])
        height, width = (float(each) for each in self.scale[row])
        if min(height, width) < 1 - _CUT_SHARE:
            found.append(f"cropped to {min(height, 1):.0%} x {min(width, 1):.0%}")
        if max(height, width) > 1 + _CUT_SHARE:
            found.append(f"shows more: {max(height, 1):.0%} x {max(width, 1):.0%}")
        if abs(float(self.resized[row]) - 1) > _RESIZED_SHARE:
            found.append(f"resized {self.resized[row]:.2f} times")
        if self.is_inverted[row]:
            found.append("dark and bright exchanged")
        if self.is_recontrasted[row]:
            found.append("contrast changed")
        return tuple(found) or ("encoded anew",)


def to_copy_pairs(
    compared: Compared, firsts: CopyFingerprints, seconds: CopyFingerprints
) -> CopyPairs:
    """Tell what was changed between slices that were found to be copies.

    Args:
        compared: Copies, as they were aligned.
        firsts: The slices that their sources count.
        seconds: The slices that their targets count.

    Returns:
        The pairs, in the same order.
    """
    pairs, warps = compared.pairs, compared.warps
    first_px = firsts.side_px[pairs.source]
    swaps = (pairs.orientation & 4) > 0
    turned_px = np.where(swaps[:, None], first_px[:, ::-1], first_px)
    ratio = seconds.side_px[pairs.target] / (turned_px * warps.scale)
    # As signed numbers: the difference of two bytes would wrap around.
    levels = (
        firsts.levels[pairs.source].astype(np.int16),
        seconds.levels[pairs.target].astype(np.int16),
    )
    return CopyPairs(
        first=pairs.source,
        second=pairs.target,
        orientation=pairs.orientation,
        scale=warps.scale,
        shift=warps.shift,
        resized=np.sqrt(ratio.prod(axis=1)).astype(np.float32),
        is_inverted=firsts.is_inverted[pairs.source]
        != seconds.is_inverted[pairs.target],
        is_recontrasted=np.abs(levels[0] - levels[1]).max(axis=1, initial=0)
        > _LEVEL_STEP,
        agreement=compared.agreement,
    )


def join_pairs(parts: list[CopyPairs]) -> CopyPairs:
    """Put pairs one after another; there must be at least one part, maybe empty."""
    return CopyPairs(
        first=np.concatenate([each.first for each in parts]),
        second=np.concatenate([each.second for each in parts]),
        orientation=np.concatenate([each.orientation for each in parts]),
        scale=np.concatenate([each.scale for each in parts]),
        shift=np.concatenate([each.shift for each in parts]),
        resized=np.concatenate([each.resized for each in parts]),
        is_inverted=np.concatenate([each.is_inverted for each in parts]),
        is_recontrasted=np.concatenate([each.is_recontrasted for each in parts]),
        agreement=np.concatenate([each.agreement for each in parts]),
    )
