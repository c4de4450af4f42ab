"""What the probes are given: a cohort, its traits and what was read from its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.features import ProbeFeatures
from tumorscope.audit.shortcuts.traits import SliceTraits
from tumorscope.domain.errors import DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCohort:
    """Slices with everything that is not their brain.

    Attributes:
        manifest: One row for each slice.
        group: Shape (slices,), patient of each slice, or the group that stands for it.
        grouping: What a group is.
        traits: Of each slice's file; empty where files were not read.
        features: Of each slice's pixels; empty where pixels were not read.

    Raises:
        DataError: If lengths differ, or a slice has no group.
    """

    manifest: Manifest
    group: NDArray[np.object_]
    grouping: Grouping
    traits: Sequence[SliceTraits] = ()
    features: Sequence[ProbeFeatures] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        slices = len(self.manifest)
        lengths = {
            "groups": len(self.group),
            "traits": len(self.traits) or slices,
            "features": len(self.features) or slices,
        }
        wrong = {name: found for name, found in lengths.items() if found != slices}
        if wrong or pd.isna(self.group).any():
            raise DataError(
                f"{slices} slices need a group each, and traits and features for all or "
                f"none; found {wrong or 'slices without a group'}"
            )

    @property
    def patient(self) -> NDArray[np.int64]:
        """Shape (slices,), number of each slice's patient or group."""
        codes = np.unique(self.group.astype(str), return_inverse=True)[1]
        return codes.astype(np.int64)

    @property
    def height(self) -> NDArray[np.float64]:
        """Shape (slices,), slice_index / (slice_count - 1), in [0, 1]; NaN if unknown."""
        table = self.manifest.table
        index = table["slice_index"].to_numpy(dtype=np.float64, na_value=np.nan)
        last = table["slice_count"].to_numpy(dtype=np.float64, na_value=np.nan) - 1
        height = np.full(len(index), np.nan)
        np.divide(index, last, out=height, where=last > 0)
        return height

    def rows(self, rows: NDArray[np.int64]) -> ProbeCohort:
        """Return some slices."""
        return ProbeCohort(
            manifest=self.manifest.subset(rows),
            group=self.group[rows],
            grouping=self.grouping,
            traits=[self.traits[row] for row in rows] if self.traits else (),
            features=[self.features[row] for row in rows] if self.features else (),
        )


def rows_of_some_groups(
    group: NDArray[np.int64], max_slices: int, seed: int
) -> NDArray[np.int64]:
    """Draw whole groups until there are enough slices.

    Args:
        group: Shape (slices,), number of the group of each slice, from 0.
        max_slices: Slices that are not exceeded, unless one group alone does.
        seed: Seed of the draw.

    Returns:
        Rows in ascending order; all rows where there are no more than wanted.
    """
    if len(group) <= max_slices:
        return np.arange(len(group))
    order = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    total = np.cumsum(np.bincount(group)[order])
    taken = order[: max(1, int(np.searchsorted(total, max_slices, side="right")))]
    return np.flatnonzero(np.isin(group, taken))
