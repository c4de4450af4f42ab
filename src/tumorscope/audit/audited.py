"""A cohort with what one look at each of its files told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.traits import SliceTraits
from tumorscope.audit.slice_facts import SliceFacts
from tumorscope.domain.errors import DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.run_record import LeftOut
from tumorscope.estimation.resampling import UNIT_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedCohort:
    """What the checks of files, sequences and sources look at.

    Attributes:
        manifest: One row for each usable slice; each has a label.
        owners: Shape (slices,), patient of each slice, or the group that stands for it.
        grouping: What an owner is.
        facts: Of each slice's pixels.
        traits: Of each slice's file.
        left_out: Files that could not be used.

    Raises:
        DataError: If lengths differ, or a slice has no label.
    """

    manifest: Manifest
    owners: NDArray[np.object_]
    grouping: Grouping
    facts: Sequence[SliceFacts]
    traits: Sequence[SliceTraits]
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        slices = len(self.manifest.labels)
        found = {len(self.owners), len(self.facts), len(self.traits)}
        if found != {slices}:
            raise DataError(
                f"{slices} slices need owners, facts and traits of each; found "
                f"{len(self.owners)}, {len(self.facts)} and {len(self.traits)}"
            )

    @property
    def unit(self) -> str:
        """What an owner is called: "patients", or the word for its groups."""
        return UNIT_WORDS[self.grouping]

    @property
    def n_owners(self) -> int:
        """Patients or groups."""
        return len(set(self.owners))

    @property
    def images(self) -> list[str]:
        """Path of each slice's file, relative to the source."""
        return [str(each) for each in self.manifest.table["image"]]
