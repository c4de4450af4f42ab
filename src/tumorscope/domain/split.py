"""A split of slices into train, tune and test that cannot leak.

The patient and the group of every row stand inside the value, and the constructor refuses
a split in which either stands on two sides. "tune" is the part that chooses epoch,
temperature and threshold (many papers call it "validation"); "test" is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError, LeakageError
from tumorscope.domain.grouping import GROUPING_WORDS, Grouping

Part = Literal["train", "tune", "test"]
PARTS: tuple[str, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which part each slice belongs to, in each fold.

    Attributes:
        manifest_digest: Digest of the manifest that the rows refer to.
        grouping: What a group is: a patient, slices that look alike, or slices that seem
            to come from one head.
        patient_id: Shape (slices,), str or None; None where the source knows no patient.
        group: Shape (slices,), str; stays on one side of every fold.
        part: Shape (slices, folds), str, one of "train", "tune", "test".
        fold_names: One name for each column of `part`.
        seed: Seed of the dealing.

    Raises:
        LeakageError: If a patient or a group stands in two parts of one fold.
        DataError: If shapes differ, a part is empty or unknown, or a slice has no group.
    """

    manifest_digest: str
    grouping: Grouping
    patient_id: NDArray[np.object_]
    group: NDArray[np.object_]
    part: NDArray[np.object_]
    fold_names: tuple[str, ...]
    seed: int

    def __post_init__(self) -> None:
        """Refuse a split that leaks or is no split."""
        slices = len(self.group)
        if self.part.shape != (slices, len(self.fold_names)) or slices == 0:
            raise DataError(
                f"a split of {slices} slices and {len(self.fold_names)} folds cannot "
                f"have parts of shape {self.part.shape}"
            )
        if len(self.patient_id) != slices:
            raise DataError(f"{slices} groups, but {len(self.patient_id)} patient ids")
        if self.grouping not in GROUPING_WORDS:
            raise DataError(
                f"grouping {self.grouping!r} is none of {list(GROUPING_WORDS)}"
            )
        if pd.isna(self.group).any():
            raise DataError("every slice of a split needs a group")
        for column, fold in enumerate(self.fold_names):
            self._check_fold(self.part[:, column], fold)

    def rows(self, part: Part, fold: int = 0) -> NDArray[np.int64]:
        """Return the rows of one part of one fold, in manifest order."""
        return np.flatnonzero(self.part[:, fold] == part)

    def _check_fold(self, part: NDArray[np.object_], fold: str) -> None:
        found = set(part)
        if found != set(PARTS):
            raise DataError(
                f"fold {fold!r} has the parts {sorted(map(str, found))}: train, tune "
                "and test must each hold slices; use more patients or other shares"
            )
        for name, owner in (("patient", self.patient_id), ("group", self.group)):
            torn = _owners_in_two_parts(owner, part)
            if torn:
                raise LeakageError(
                    f"{len(torn)} of {len(set(owner))} {name}s stand in two parts of "
                    f"fold {fold!r} (first: {torn[0]}): a {name} must stay on one side; "
                    "make the split again with `tumorscope prepare`"
                )


def _owners_in_two_parts(
    owner: NDArray[np.object_], part: NDArray[np.object_]
) -> list[str]:
    pairs = pd.DataFrame({"owner": owner, "part": part}).dropna().drop_duplicates()
    counts = pairs["owner"].value_counts()
    return sorted(str(name) for name in counts[counts > 1].index)
