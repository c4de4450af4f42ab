"""Group labels shuffled over patients: what a gap would be if the groups meant nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.fairness_spec import FairnessSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """Group labels in another order, many times.

    Attributes:
        codes: Shape (shuffles, patients), int64, group of each patient, -1 for none. Each
            row has as many patients in each group as there are.
        within: Among whom labels were exchanged, in words.
    """

    codes: NDArray[np.int64]
    within: str


def shuffle_groups(
    codes: NDArray[np.int64], site_of_patient: NDArray[np.int64], spec: FairnessSpec
) -> Shuffled:
    """Exchange the group labels of patients, within their site where that is possible.

    Sites differ in their patients and in their scanners. Shuffled over the whole cohort, a
    gap between sexes could be one between sites; shuffled within a site, each site keeps
    its mix. Where a group goes with the site (the site itself, most scanners), nothing can
    be exchanged within it, and the whole cohort is shuffled.

    Args:
        codes: Shape (patients,), group of each patient; -1 is left where it is.
        site_of_patient: Shape (patients,), the same number for patients of one site.
        spec: Number of shuffles, seed, and among whom.

    Returns:
        The labels; they depend on the seed and on the order of patients only.
    """
    rng = np.random.default_rng(spec.seed)
    known = codes >= 0
    goes_with_site = all(
        len(np.unique(codes[known & (site_of_patient == site)])) <= 1
        for site in np.unique(site_of_patient)
    )
    is_one_site = len(np.unique(site_of_patient[known])) <= 1
    whole = spec.shuffle_within == "cohort" or goes_with_site or is_one_site
    stratum = np.zeros_like(codes) if whole else site_of_patient
    shuffled = np.tile(codes, (spec.permutations, 1))
    for number in np.unique(stratum[known]):
        members = np.flatnonzero(known & (stratum == number))
        shuffled[:, members] = rng.permuted(shuffled[:, members], axis=1)
    within = "the whole cohort" if whole else "the patients of each site"
    return Shuffled(codes=shuffled, within=within)
