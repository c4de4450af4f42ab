"""Who is in a run, counted from its manifest and its split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.split import PARTS, Split

DESCRIBED = ("site", "scanner", "sex", "age_years")
MOST_VALUES = 8
"""Values of a column that are named; further ones are counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """One part of one fold.

    Attributes:
        fold: Name of the fold.
        part: "train", "tune" or "test".
        n_slices: Its slices.
        n_tumor_slices: Those with tumor by the reference standard.
        n_owners: Its patients, or the groups that stand for them.
        columns: For each column of `DESCRIBED`, its values with their patients in words,
            or "cannot be assessed: ...".
    """

    fold: str
    part: str
    n_slices: int
    n_tumor_slices: int
    n_owners: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCohort:
    """Who is in a run.

    Attributes:
        source: Importer and data set, as the manifest tells it.
        n_slices: Slices.
        n_tumor_slices: Those with tumor by the reference standard.
        n_owners: Patients, or the groups that stand for them.
        n_tumor_owners: Those with any tumor slice.
        has_patients: Whether owners are patients.
        class_names: The source's own words for the classes.
        n_masks: Slices with a lesion mask.
        sequences: What the channels show; empty where the source does not tell.
        parts: Each part of each fold.
    """

    source: str
    n_slices: int
    n_tumor_slices: int
    n_owners: int
    n_tumor_owners: int
    has_patients: bool
    class_names: tuple[str, ...]
    n_masks: int
    sequences: tuple[str, ...]
    parts: tuple[PartCount, ...]

    @property
    def unit(self) -> str:
        """What an owner is, in words."""
        return "patients" if self.has_patients else "groups of look-alike slices"

    @property
    def all_have_tumor(self) -> bool:
        """Whether every patient has a tumor slice; False where patients are unknown."""
        return self.has_patients and self.n_tumor_owners == self.n_owners


def describe_cohort(
    manifest: Manifest, split: Split, owners: NDArray[np.object_]
) -> CardCohort:
    """Count patients, slices and known traits of each part.

    Args:
        manifest: The cohort, with a label for each slice.
        split: Its split.
        owners: Shape (slices,), patient or group of each slice.

    Raises:
        DataError: If a label is unknown.
    """
    table, labels = manifest.table, manifest.labels
    parts = tuple(
        _count_part(table.iloc[rows], labels[rows], owners[rows], (fold, part))
        for number, fold in enumerate(split.fold_names)
        for part in PARTS
        for rows in [np.flatnonzero(split.part[:, number] == part)]
    )
    return CardCohort(
        source=str(table["source"].iat[0]),
        n_slices=len(table),
        n_tumor_slices=int(labels.sum()),
        n_owners=len(set(owners)),
        n_tumor_owners=len(set(owners[labels == 1])),
        has_patients=manifest.has_patients,
        class_names=tuple(sorted(table["class_name"].dropna().unique())),
        n_masks=int(table["mask"].notna().sum()),
        sequences=manifest.sequences,
        parts=parts,
    )


def _count_part(
    table: pd.DataFrame,
    labels: NDArray[np.int64],
    owners: NDArray[np.object_],
    place: tuple[str, str],
) -> PartCount:
    first = table.assign(owner=owners).groupby("owner", sort=True).first()
    return PartCount(
        fold=place[0],
        part=place[1],
        n_slices=len(table),
        n_tumor_slices=int(labels.sum()),
        n_owners=len(first),
        columns=tuple(_describe_column(first[name], name) for name in DESCRIBED),
    )


def _describe_column(values: pd.Series, name: str) -> str:
    known = values.dropna()
    if known.empty:
        return f"cannot be assessed: no `{name}`"
    missing = (
        f"; not known {len(values) - len(known)}" if len(known) < len(values) else ""
    )
    if name == "age_years":
        low, middle, high = known.min(), known.median(), known.max()
        return f"median {middle:g}, {low:g} to {high:g}{missing}"
    counts = known.astype(str).value_counts().sort_index()
    shown = [f"{value}: {count}" for value, count in counts.head(MOST_VALUES).items()]
    rest = len(counts) - len(shown)
    more = f"; {rest} further values" if rest > 0 else ""
    return f"{', '.join(shown)}{more}{missing}"
