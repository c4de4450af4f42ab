"""k-anonymity over what was released: how many patients share an age and a sex.

References:
    Sweeney 2002, k-anonymity: a model for protecting privacy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tumorscope.deid.dates import age_in_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Patients with the same age and sex.

    Attributes:
        age: Completed years as released, or "unknown".
        sex: As released, or "unknown".
        n_patients: How many share both.
    """

    age: str
    sex: str
    n_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymity:
    """How small the groups are in which a patient can hide.

    Attributes:
        n_patients: All patients.
        smallest: Patients in the smallest cell; 0 without patients.
        n_alone: Patients whose combination nobody shares.
        limit: Cells below it are listed.
        small_cells: These cells, the smallest first.
    """

    n_patients: int
    smallest: int
    n_alone: int
    limit: int
    small_cells: tuple[Cell, ...]


def measure_anonymity(
    released: Mapping[str, tuple[str, str]], *, limit: int
) -> Anonymity:
    """Count patients by age and sex.

    Args:
        released: Age (AS) and sex by pseudonym, at the earliest study.
        limit: Cells with fewer patients are listed.
    """
    cells = Counter(
        (_whole_years(age), sex or "unknown") for age, sex in released.values()
    )
    small = [
        Cell(age=age, sex=sex, n_patients=number)
        for (age, sex), number in cells.items()
        if number < limit
    ]
    return Anonymity(
        n_patients=len(released),
        smallest=min(cells.values(), default=0),
        n_alone=sum(number == 1 for number in cells.values()),
        limit=limit,
        small_cells=tuple(
            sorted(small, key=lambda one: (one.n_patients, one.age, one.sex))
        ),
    )


def _whole_years(age: str) -> str:
    years = age_in_years(age)
    return "unknown" if math.isnan(years) else f"{int(years):02d}"
