"""How well groups agree with patients that are known but were not looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Groups beside known patients.

    Attributes:
        slices: Slices compared.
        patients: Known patients.
        groups: Groups of these slices.
        largest_share: Share of the slices that the largest group holds, in (0, 1].
        pair_precision: Of the pairs of slices in one group, the share of one patient; NaN
            where no group has two slices.
        pair_recall: Of the pairs of slices of one patient, the share in one group; NaN
            where no patient has two slices.
        leaked_share: Of the test slices, the share whose patient also has a slice in
            training; mean over the dealings.
        leaked_low: The 2.5th percentile of that share over the dealings.
        leaked_high: The 97.5th percentile.
        seen_share: For a test slice, the share of its patient's slices that are in
            training; mean over test slices, then over dealings.
        dealings: Random dealings of whole groups to train, tune and test.
    """

    slices: int
    patients: int
    groups: int
    largest_share: float
    pair_precision: float
    pair_recall: float
    leaked_share: float
    leaked_low: float
    leaked_high: float
    seen_share: float
    dealings: int


def compare_with_patients(
    group: NDArray[np.generic],
    patient: NDArray[np.generic],
    *,
    dealings: int = 200,
    held_out_share: float = 0.15,
    seed: int = 0,
) -> Agreement:
    """Compare groups with known patients, by pairs and by the leak of a split.

    Args:
        group: Shape (slices,), group of each slice; a group of its own for each slice
            stands for a random split of slices.
        patient: Shape (slices,), known patient of each slice.
        dealings: How often whole groups are dealt to train, tune and test.
        held_out_share: Share of the slices that test and tune each aim at, in (0, 0.5).
        seed: Seed of the dealings.

    Returns:
        Precision and recall of pairs, and what a split by these groups leaks.

    Raises:
        DataError: If there are no slices, lengths differ, or there is a single group.
    """
    if len(group) == 0 or len(group) != len(patient):
        raise DataError(
            f"{len(group)} groups cannot be compared with {len(patient)} ids"
        )
    groups = np.unique(group, return_inverse=True)[1]
    patients = np.unique(patient, return_inverse=True)[1]
    if groups.max() == 0:
        raise DataError(
            f"a single group of {len(group)} slices cannot be dealt to a training and a "
            "test part"
        )
    leaks = _deal_and_look(
        groups, patients, shares=held_out_share, draws=dealings, seed=seed
    )
    together = _pairs(
        np.unique(np.stack([groups, patients]), axis=1, return_counts=True)[1]
    )
    in_groups, in_patients = _pairs(np.bincount(groups)), _pairs(np.bincount(patients))
    low, high = np.percentile(leaks[:, 0], (2.5, 97.5))
    return Agreement(
        slices=len(group),
        patients=int(patients.max()) + 1,
        groups=int(groups.max()) + 1,
        largest_share=float(np.bincount(groups).max() / len(group)),
        pair_precision=together / in_groups if in_groups else float("nan"),
        pair_recall=together / in_patients if in_patients else float("nan"),
        leaked_share=float(leaks[:, 0].mean()),
        leaked_low=float(low),
        leaked_high=float(high),
        seen_share=float(leaks[:, 1].mean()),
        dealings=len(leaks),
    )


def _pairs(counts: NDArray[np.intp]) -> float:
    sizes = counts.astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def _deal_and_look(
    group: NDArray[np.intp],
    patient: NDArray[np.intp],
    *,
    shares: float,
    draws: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return leaked share and seen share of each dealing, shape (dealings, 2)."""
    sizes = np.bincount(group)
    slices_of_patient = np.bincount(patient)
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        order = generator.permutation(len(sizes))
        middle = (np.cumsum(sizes[order]) - sizes[order] / 2) / len(group)
        part = np.empty(len(sizes), dtype=np.int64)
        part[order] = np.searchsorted((shares, 2 * shares), middle)
        part[order[0]], part[order[-1]] = 0, 2  # neither part is empty
        test, train = part[group] == 0, part[group] == 2
        seen = np.bincount(patient[train], minlength=len(slices_of_patient))
        share = (seen / slices_of_patient)[patient[test]]
        found.append(((share > 0).mean(), share.mean()))
    return np.array(found)
