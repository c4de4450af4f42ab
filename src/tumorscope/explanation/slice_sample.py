"""A few slices of every patient, where looking at all of them takes too long."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def spread_over_patients(
    owners: NDArray[Any], count: int, *, seed: int
) -> NDArray[np.int64]:
    """Choose slices at random, one of every patient before a second of any.

    Intervals and tests are over patients, so that a second slice of a patient tells less
    than the first one of another.

    Args:
        owners: Shape (slices,), the patient of each slice.
        count: Slices that are wanted; all are taken where there are no more.
        seed: Of the choice.

    Returns:
        Shape (chosen,), int64, positions in `owners`, rising.
    """
    if count >= len(owners):
        return np.arange(len(owners))
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(owners))
    _, patient = np.unique(owners[shuffled].astype(str), return_inverse=True)
    order = np.argsort(patient, kind="stable")
    starts = np.searchsorted(patient[order], patient[order])
    turn = np.empty(len(owners), dtype=np.int64)
    turn[order] = np.arange(len(owners)) - starts  # how many of the patient came before
    chosen = shuffled[np.argsort(turn, kind="stable")[:count]]
    return np.sort(chosen).astype(np.int64)


def sampling_weights(
    owners: NDArray[Any], chosen: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for how many slices of its patient each chosen slice stands.

    Weighted so, the mean over the chosen slices estimates the mean over all slices of
    the patients that were reached.

    Args:
        owners: Shape (slices,), the patient of each slice that could be chosen.
        chosen: Shape (chosen,), positions, from `spread_over_patients`.

    Returns:
        Shape (chosen,), float64, at least 1.
    """
    _, patient = np.unique(owners.astype(str), return_inverse=True)
    everyone = np.bincount(patient)
    taken = np.bincount(patient[chosen], minlength=len(everyone))
    own = patient[chosen]
    return everyone[own] / taken[own]
