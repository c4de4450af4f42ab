"""Whether something that should not matter goes with the label, or with a site.

A column (a site, a file format, a missing sequence) is looked at as shares: the share of a
patient's slices that hold each value. Two comparisons are made where they can be:

- *within* patients that have slices with and without tumor: the mean difference of the
  shares; its null flips the sign of whole patients;
- *between* patients: shares of patients with tumor against those without, or, where
  nearly all or none have one, shares against how many slices show it; its null exchanges
  the label between patients.

Both move whole patients, so that many slices of one patient count as one observation. Two
comparisons are a family: the smaller p-value is doubled.

References:
    Phipson and Smyth (2010), Permutation P-values should never be zero, Stat. Appl. Genet.
    Mol. Biol. 9:39 (add one to count and draws). Winkler et al. (2015), Multi-level block
    permutation, NeuroImage 123:253 (whole blocks are exchanged or flipped). Holm (1979),
    Scand. J. Stat. 6:65.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.estimation.holm import adjust_holm

MIN_PATIENTS = 4
"""Fewer patients allow no p-value below 0.05: nothing is compared."""
FEWEST_PERMUTATIONS = 999
MAX_DRAWN, CHUNK_DRAWN = 50_000_000, 2_000_000
"""Exchanged labels in all and at once: above 5,000 patients there are fewer permutations,
never below `FEWEST_PERMUTATIONS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCount:
    """How often one value of a column occurs.

    Attributes:
        value: The value, as text.
        n_slices: Slices that hold it.
        n_tumor_slices: Those of them with tumor.
        n_patients: Patients (or groups) with such a slice.
        n_tumor_patients: Those of them with any tumor slice.
    """

    value: str
    n_slices: int
    n_tumor_slices: int
    n_patients: int
    n_tumor_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTie:
    """How far one column goes with the label.

    Attributes:
        column: Its name.
        counts: Its values, the commonest first.
        slice_separation: Balanced accuracy, in [0.5, 1], of the best rule from the value
            to the label of a slice; NaN where a class is absent.
        patient_separation: The same from a patient's commonest value to whether the
            patient has any tumor slice.
        p_within: p-value of the comparison within patients; NaN where none was made.
        n_within: Patients with slices of both classes.
        p_between: p-value of the comparison between patients; NaN where none was made.
        n_between: Patients (or groups) that were exchanged; 0 where none was made.
        p_value: Of both together; NaN where nothing could be compared.
        p_adjusted: The same after Holm's correction over all columns of one table.
        reason: Why nothing could be compared; empty where something was.
    """

    column: str
    counts: tuple[ValueCount, ...]
    slice_separation: float
    patient_separation: float
    p_within: float
    n_within: int
    p_between: float
    n_between: int
    p_value: float
    p_adjusted: float
    reason: str = ""

    @property
    def separation(self) -> float:
        """The larger of both separations; NaN where neither is defined."""
        known = [
            each
            for each in (self.slice_separation, self.patient_separation)
            if not np.isnan(each)
        ]
        return max(known, default=float("nan"))


def tie_to_label(
    column: str,
    values: Sequence[str],
    *,
    labels: NDArray[np.int64],
    owners: NDArray[np.object_],
    permutations: int,
    generator: np.random.Generator,
) -> LabelTie:
    """Measure how far a column goes with the label.

    Args:
        column: Name of the column.
        values: One for each slice, as text.
        labels: Shape (slices,), 0 or 1.
        owners: Shape (slices,), patient or group of each slice.
        permutations: Random exchanges for each p-value.
        generator: Source of randomness.

    Returns:
        The tie; `p_adjusted` equals `p_value` until `adjust` looks at several.
    """
    codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
    patient_of_slice, patients = pd.factorize(owners)
    held = np.eye(len(names))[codes]  # (slices, values)
    within = _differences_within(held, labels, patient_of_slice, len(patients))
    prevalence = np.bincount(patient_of_slice, labels) / np.bincount(patient_of_slice)
    shares = _sum_by(held, patient_of_slice, len(patients))
    shares /= shares.sum(axis=1, keepdims=True)  # (patients, values)
    usual = np.eye(len(names))[shares.argmax(axis=1)]
    p_within, n_within = _p_within(within, permutations, generator)
    p_between, n_between = _p_between(shares, prevalence, permutations, generator)
    made = [each for each in (p_within, p_between) if not np.isnan(each)]
    p_value = min(1.0, len(made) * min(made)) if made else float("nan")
    reason = _reason(len(names), len(patients)) if not made else ""
    return LabelTie(
        column=column,
        counts=_counts(codes, names, labels, patient_of_slice),
        slice_separation=separation(held, labels == 1),
        patient_separation=separation(usual, prevalence > 0),
        p_within=p_within,
        n_within=n_within,
        p_between=p_between,
        n_between=n_between,
        p_value=p_value,
        p_adjusted=p_value,
        reason=reason,
    )


def adjust(ties: Sequence[LabelTie]) -> tuple[LabelTie, ...]:
    """Correct the p-values of one family (Holm 1979), in its order."""
    adjusted = adjust_holm([each.p_value for each in ties])
    return tuple(
        replace(each, p_adjusted=p_value)
        for each, p_value in zip(ties, adjusted, strict=True)
    )


def separation(held: NDArray[np.float64], is_tumor: NDArray[np.bool_]) -> float:
    """Return the balanced accuracy of the best rule from a value to the class.

    Args:
        held: Shape (items, values), one 1 in each row.
        is_tumor: Shape (items,), bool.

    Returns:
        In [0.5, 1]: 1 if each value occurs with one class only, 0.5 if both classes hold
        the values alike. NaN where a class is absent.
    """
    if is_tumor.all() or not is_tumor.any():
        return float("nan")
    tumor, free = held[is_tumor].mean(axis=0), held[~is_tumor].mean(axis=0)
    return float(np.maximum(tumor, free).sum() / 2)


def permuted_p(observed: float, drawn: NDArray[np.float64]) -> float:
    """Return the share of draws that reach what was observed, both with one added.

    Rounding must not make a draw that is the observation itself fall short of it.
    """
    reached = drawn >= observed - 1e-9 * max(1.0, abs(observed))
    return float((1 + reached.sum()) / (1 + len(drawn)))


def _differences_within(
    held: NDArray[np.float64],
    labels: NDArray[np.int64],
    patient_of_slice: NDArray[np.int64],
    patients: int,
) -> NDArray[np.float64]:
    """Share of each value in tumor slices minus that in others. (mixed, values)."""
    parts = []
    for wanted in (1, 0):
        chosen = labels == wanted
        sums = _sum_by(held[chosen], patient_of_slice[chosen], patients)
        counts = sums.sum(axis=1, keepdims=True)
        parts.append(np.divide(sums, counts, where=counts > 0, out=sums * np.nan))
    difference = parts[0] - parts[1]
    return difference[~np.isnan(difference).any(axis=1)]


def _p_within(
    differences: NDArray[np.float64],
    permutations: int,
    generator: np.random.Generator,
) -> tuple[float, int]:
    moved = differences[np.abs(differences).sum(axis=1) > 0]
    if len(differences) < MIN_PATIENTS:
        return float("nan"), len(differences)
    if not len(moved):
        # A value that never varies within a patient cannot go with slices there.
        return float("nan"), len(differences)
    drawn = [
        ((generator.choice([-1.0, 1.0], size=(chunk, len(moved))) @ moved) ** 2).sum(1)
        for chunk in _chunks(permutations, len(moved))
    ]
    observed = float((moved.sum(axis=0) ** 2).sum())
    return permuted_p(observed, np.concatenate(drawn)), len(differences)


def _p_between(
    shares: NDArray[np.float64],
    prevalence: NDArray[np.float64],
    permutations: int,
    generator: np.random.Generator,
) -> tuple[float, int]:
    """Compare patients with tumor with the others, or all by their share of tumor.

    Where nearly all patients have a tumor, or nearly none, there is nobody to compare
    them with; how many of their slices show it is compared instead.
    """
    has_tumor = prevalence > 0
    tumor, free = int(has_tumor.sum()), int((~has_tumor).sum())
    is_binary = min(tumor, free) >= 2
    value = has_tumor.astype(float) if is_binary else prevalence
    if len(value) < MIN_PATIENTS or shares.shape[1] < 2 or np.ptp(value) == 0:
        return float("nan"), 0
    weights = value - value.mean()
    if is_binary and (shares.max(axis=1) == 1).all():
        # Each patient holds one value: how often the exchanged labels meet each value is
        # multivariate hypergeometric, which is drawn at once.
        counts = shares.sum(axis=0).astype(np.int64)
        met = generator.multivariate_hypergeometric(
            counts, tumor, size=permutations, method="marginals"
        )
        differences = [met - counts * value.mean()]
    else:
        differences = [
            generator.permuted(np.tile(weights, (chunk, 1)), axis=1) @ shares
            for chunk in _chunks(permutations, len(weights))
        ]
    drawn = (np.concatenate(differences) ** 2).sum(axis=1)
    return permuted_p(float(((weights @ shares) ** 2).sum()), drawn), len(value)


def _chunks(permutations: int, patients: int) -> list[int]:
    """Cut the permutations so that memory, and time for very many patients, is bounded."""
    wanted = min(permutations, max(FEWEST_PERMUTATIONS, MAX_DRAWN // patients))
    step = max(1, CHUNK_DRAWN // patients)
    return [min(step, wanted - start) for start in range(0, wanted, step)]


def _counts(
    codes: NDArray[np.int64],
    names: NDArray[np.object_],
    labels: NDArray[np.int64],
    patient_of_slice: NDArray[np.int64],
) -> tuple[ValueCount, ...]:
    has_tumor = np.bincount(patient_of_slice, labels) > 0
    found = []
    for code, name in enumerate(names):
        chosen = codes == code
        holders = np.unique(patient_of_slice[chosen])
        found.append(
            ValueCount(
                value=str(name),
                n_slices=int(chosen.sum()),
                n_tumor_slices=int(labels[chosen].sum()),
                n_patients=len(holders),
                n_tumor_patients=int(has_tumor[holders].sum()),
            )
        )
    return tuple(sorted(found, key=lambda each: -each.n_slices))


def _reason(values: int, patients: int) -> str:
    if values < 2:
        return "there is one value only"
    if patients < MIN_PATIENTS:
        return f"too few to compare: {patients}"
    return "all have the same share of tumor slices"


def _sum_by(
    values: NDArray[np.generic], owner: NDArray[np.int64], owners: int
) -> NDArray[np.float64]:
    """Sum rows for each owner. (owners, columns)."""
    columns = [
        np.bincount(owner, column, minlength=owners)
        for column in values.astype(float).T
    ]
    return np.stack(columns, axis=1)
