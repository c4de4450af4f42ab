"""Which group each patient belongs to: one value for each person, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.group_columns import parse_groups
from tumorscope.domain.group_reading import read_groups
from tumorscope.estimation.resampling import PatientDraws

MAX_GROUPS = 12
"""Groups above which a column is a measurement and not a grouping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAttribute:
    """Patients sorted into groups by one attribute.

    Attributes:
        text: As it was asked for, e.g. "age_years:40,60".
        name: In words, e.g. "age_years" or "sex x age_years".
        groups: Names of the groups, as the source has them.
        group_of_patient: Shape (patients,), int64, place in `groups`; -1 for none.
        n_unknown: Patients without a value.
        n_mixed: Patients with more than one value: in no group.
        is_crossed: Whether several attributes are crossed.
        reason: Why the attribute cannot be assessed; empty where it can.

    Raises:
        DataError: If a patient is in a group that does not exist.
    """

    text: str
    name: str
    groups: tuple[str, ...]
    group_of_patient: NDArray[np.int64]
    n_unknown: int = 0
    n_mixed: int = 0
    is_crossed: bool = False
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a group without a name."""
        codes = self.group_of_patient
        if codes.size and not -1 <= codes.min() <= codes.max() < len(self.groups):
            raise DataError(f"{self.name}: patients stand in groups without a name")

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Shape (groups,), patients of each."""
        known = self.group_of_patient[self.group_of_patient >= 0]
        return np.bincount(known, minlength=len(self.groups))


def assign_patients(
    text: str, known: pd.DataFrame, draws: PatientDraws
) -> GroupAttribute:
    """Sort patients into groups.

    A person has one sex, one age and one site; a column that changes from slice to slice
    (a second scanner, say) leaves the patients with several values in no group, because
    labels of such a column cannot be shuffled over patients.

    Args:
        text: As `tumorscope.domain.group_columns.parse_groups` reads it.
        known: Rows of the manifest, one for each slice of `draws`, in its order.
        draws: Which patient a slice belongs to.

    Returns:
        The groups in alphabetical order of bands and names; with a reason where no column
        is filled, values differ within patients, or there is nothing to compare.

    Raises:
        ConfigError: If the text names no column, or cuts words into bands.
        DataError: If there is not one row for each slice.
    """
    columns = parse_groups(text)
    if len(known) != len(draws.patient_of_slice):
        raise DataError(
            f"{len(known)} rows of the manifest for {len(draws.patient_of_slice)} slices"
        )
    name = " x ".join(each.column for each in columns)
    empty = [each.column for each in columns if known[each.column].isna().all()]
    pairs = pd.DataFrame(
        {
            "patient": draws.patient_of_slice,
            "group": read_groups(known, columns).to_numpy(dtype=object),
        }
    )
    pairs = pairs.dropna().drop_duplicates()
    values = pairs["patient"].value_counts()
    single = pairs[~pairs["patient"].isin(values[values > 1].index)]
    groups, reason = _name_groups(single["group"], draws.n_patients, empty)
    codes = np.full(draws.n_patients, -1, dtype=np.int64)
    if groups:
        place = {group: number for number, group in enumerate(groups)}
        codes[single["patient"].to_numpy()] = single["group"].map(place).to_numpy()
    return GroupAttribute(
        text=text,
        name=name,
        groups=groups,
        group_of_patient=codes,
        n_unknown=draws.n_patients - len(values),
        n_mixed=int((values > 1).sum()),
        is_crossed=len(columns) > 1,
        reason=reason,
    )


def _name_groups(
    values: pd.Series, n_patients: int, empty: list[str]
) -> tuple[tuple[str, ...], str]:
    """Return the groups, or the reason why there are none to compare."""
    if empty:
        return (), f"no `{'` and no `'.join(empty)}`"
    if not len(values):
        return (), "the values differ within patients"
    groups = tuple(sorted(set(values), key=_band_order))
    if len(groups) == 1:
        return groups, f"all known patients are {groups[0]!r}: nothing to compare with"
    if len(groups) > MAX_GROUPS:
        return (), (
            f"{len(groups)} values among {n_patients} patients: cut numbers into bands, "
            "e.g. age_years:40,60"
        )
    return groups, ""


def _band_order(name: str) -> tuple[tuple[str, bool, float], ...]:
    """Sort "up to 40" before "above 40", and "above 100" after "above 40 to 100"."""
    parts = []
    for part in name.split(", "):
        words = part.removeprefix("above ").split(" to ")
        is_band = part.startswith("above ") and words[0].replace(".", "", 1).isdigit()
        parts.append(
            ("above", True, float(words[0])) if is_band else (_first(part), False, 0.0)
        )
    return tuple(parts)


def _first(part: str) -> str:
    """Return a word's own text; the lowest band sorts before the others."""
    return "" if part.startswith("up to ") else part
