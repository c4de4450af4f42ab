"""Calibration error of groups with the error of perfect probabilities taken away.

A small group shows a larger error than a large one even where every probability is right,
so that raw errors of groups cannot be compared. The mean error under perfect calibration is
subtracted, for each group and each draw with its own slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.calibration_error import NULL_DRAWS, calibration_bin
from tumorscope.evaluation.curves import ECE_BINS

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSums:
    """Sums over each patient's slices, from which any group's error follows.

    Attributes:
        gap: Shape (patients, bins), sum of label minus probability.
        slices: Shape (patients,), number of slices.
        null_gap: Shape (patients, bins with slices * null draws), float32, the same gap
            with labels drawn from their own probabilities.
    """

    gap: NDArray[np.float64]
    slices: NDArray[np.float64]
    null_gap: NDArray[np.float32]


def sum_calibration(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    draws: PatientDraws,
    rng: np.random.Generator,
) -> CalibrationSums:
    """Sum label minus probability over each patient and bin, in the set and in nulls.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1].
        draws: Which patient a slice belongs to.
        rng: Source of the null labels.
    """
    patients = draws.n_patients
    cell = draws.patient_of_slice * ECE_BINS + calibration_bin(probabilities)
    # Sorted, so that the order of the slices does not matter.
    order = np.lexsort((probabilities, cell))
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    cells, sorted_probabilities = cell[order][starts], probabilities[order]
    expected = np.add.reduceat(sorted_probabilities, starts)
    null = np.zeros((patients * ECE_BINS, NULL_DRAWS), dtype=np.float32)
    step = max(1, _CHUNK // len(labels))
    for start in range(0, NULL_DRAWS, step):
        size = min(step, NULL_DRAWS - start)
        drawn = rng.random((size, len(labels))) < sorted_probabilities
        observed = np.add.reduceat(drawn, starts, axis=1, dtype=np.int64)
        null[cells, start : start + size] = (observed - expected).T
    excess = labels - probabilities
    gap = np.bincount(cell, weights=excess, minlength=patients * ECE_BINS)
    filled = np.unique(cell % ECE_BINS)
    by_patient = null.reshape(patients, ECE_BINS, NULL_DRAWS)[:, filled]
    return CalibrationSums(
        gap=gap.reshape(patients, ECE_BINS).astype(np.float64),
        slices=np.bincount(draws.patient_of_slice, minlength=patients).astype(float),
        null_gap=by_patient.reshape(patients, -1),
    )


def debiased_error(
    sums: CalibrationSums, counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the calibration error minus its mean under perfect calibration.

    Args:
        sums: From `sum_calibration`.
        counts: Shape (draws, patients), how often each patient counts.

    Returns:
        Shape (draws,), not negative; NaN where no patient counts.
    """
    slices = counts @ sums.slices
    observed = np.abs(counts @ sums.gap).sum(axis=1)
    expected = np.zeros(len(counts))
    step = max(1, _CHUNK // sums.null_gap.shape[1])
    for start in range(0, len(counts), step):
        errors = counts[start : start + step].astype(np.float32) @ sums.null_gap
        np.abs(errors, out=errors)
        # Summed over bins and averaged over null draws, both at once.
        expected[start : start + step] = errors.sum(axis=1) / NULL_DRAWS
    excess = np.full(len(counts), np.nan)
    np.divide(observed - expected, slices, out=excess, where=slices > 0)
    return np.maximum(excess, 0)
