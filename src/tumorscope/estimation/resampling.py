"""Patients drawn with replacement within their site.

Slices of one patient resemble each other, so that a bootstrap over slices (or DeLong's
formula) gives intervals that are too narrow. Here whole patients are drawn, and a slice
counts as often as its patient was drawn.

References:
    Field and Welsh (2007), Bootstrapping clustered data, J. R. Stat. Soc. B 69:369-390,
    "randomized cluster bootstrap"; Davison and Hinkley (1997), Bootstrap Methods and
    their Application, section 3.2 (several samples, here the sites).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.specs import EvaluateSpec

UNIT_WORDS: dict[Grouping, str] = {
    "patient": "patients",
    "near-duplicates": "near-duplicate groups",
    "pseudo-patients": "pseudo-patients",
}
CHUNK_WEIGHTS = 1 << 17  # a chunk stays in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDraws:
    """How often each patient was drawn, and which patient each slice belongs to.

    Attributes:
        counts: Shape (1 + draws, patients), float64, whole numbers from 0. Row 0 is all
            ones, the set as it is; each other row is one bootstrap draw.
        patient_of_slice: Shape (slices,), int64, column of `counts`.
        unit: What was drawn: "patients" or "near-duplicate groups".
        resampled: The same with its strata, for example "patients within site".
        level: Confidence level of the intervals, in (0, 1).
        strata: Strata (sites) within which patients were drawn, at least 1.
    """

    counts: NDArray[np.float64]
    patient_of_slice: NDArray[np.int64]
    unit: str
    resampled: str
    level: float
    strata: int = 1

    @property
    def n_patients(self) -> int:
        """Patients (or groups) that are drawn from."""
        return self.counts.shape[1]

    def slice_weights(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.float64]]:
        """Yield the weights of these slices, some draws at a time.

        Args:
            rows: Shape (chosen,), slices in the order in which they are wanted.

        Yields:
            Shape (some draws, chosen), float64; together the chunks hold every row of
            `counts`. A chunk has about `CHUNK_WEIGHTS` numbers, so that memory does not
            grow with the number of slices times draws.
        """
        patients = self.patient_of_slice[rows]
        step = max(1, CHUNK_WEIGHTS // max(1, len(rows)))
        for start in range(0, len(self.counts), step):
            yield self.counts[start : start + step].take(patients, axis=1)

    def sum_by_patient(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of slices for each patient.

        Args:
            values: Shape (slices, terms).

        Returns:
            Shape (patients, terms), float64.
        """
        sums = [
            np.bincount(self.patient_of_slice, column, minlength=self.n_patients)
            for column in values.T
        ]
        return np.stack(sums, axis=1)


def draw_patients(
    group: pd.Series, site: pd.Series, spec: EvaluateSpec, *, grouping: Grouping
) -> PatientDraws:
    """Draw patients with replacement within their site.

    Sites of a single patient would never vary: they are pooled into one stratum, and a
    lone one joins the smallest other site. Patients without a site are a stratum of
    their own. The draws depend on the seed, the groups and their sites, not on the
    order of the slices.

    Args:
        group: Shape (slices,), the patient (or near-duplicate group), none missing.
        site: Shape (slices,), may be missing. A group on several sites counts for the
            first in alphabetical order.
        spec: Number of draws, level and seed.
        grouping: What a group is.

    Returns:
        The draws, with the set as it is in row 0.

    Raises:
        DataError: If a slice has no group.
    """
    if group.isna().any():
        raise DataError(
            f"{int(group.isna().sum())} of {len(group)} slices have no group: the "
            "bootstrap needs the patient or near-duplicate group of each"
        )
    names, patient_of_slice = np.unique(group.to_numpy(dtype=str), return_inverse=True)
    site_of_patient = _first_site(site, patient_of_slice, len(names))
    stratum, merged = _strata(site_of_patient)
    rng = np.random.default_rng(spec.seed)
    counts = np.ones((1 + spec.bootstrap_draws, len(names)))
    for number in np.unique(stratum):
        members = np.flatnonzero(stratum == number)
        counts[1:, members] = _draw_counts(rng, spec.bootstrap_draws, len(members))
    within = " within site" if len(np.unique(stratum)) > 1 else ""
    pooled = " (sites of one patient pooled)" if within and merged else ""
    unit = UNIT_WORDS[grouping]
    return PatientDraws(
        counts=counts,
        patient_of_slice=patient_of_slice.astype(np.int64),
        unit=unit,
        resampled=f"{unit}{within}{pooled}",
        level=spec.level,
        strata=len(np.unique(stratum)),
    )


def _first_site(
    site: pd.Series, patient_of_slice: NDArray[np.intp], patients: int
) -> NDArray[np.str_]:
    pairs = pd.DataFrame({"patient": patient_of_slice, "site": site.array}).dropna()
    first = pairs.sort_values("site").drop_duplicates("patient").set_index("patient")
    return first["site"].reindex(range(patients)).fillna("").to_numpy(dtype=str)


def _strata(site_of_patient: NDArray[np.str_]) -> tuple[NDArray[np.int64], bool]:
    _, stratum, sizes = np.unique(
        site_of_patient, return_inverse=True, return_counts=True
    )
    lone = np.flatnonzero(sizes == 1)
    if not len(lone) or len(sizes) == 1:
        return stratum.astype(np.int64), False
    target = lone[0]
    if len(lone) == 1:
        larger = np.flatnonzero(sizes > 1)
        target = larger[np.argmin(sizes[larger])]
    merged = np.where(np.isin(stratum, lone), target, stratum)
    return merged.astype(np.int64), True


def _draw_counts(rng: np.random.Generator, draws: int, size: int) -> NDArray[np.int64]:
    picks = rng.integers(size, size=(draws, size))
    flat = picks + size * np.arange(draws)[:, None]  # (draws, size)
    return np.bincount(flat.ravel(), minlength=draws * size).reshape(draws, size)
