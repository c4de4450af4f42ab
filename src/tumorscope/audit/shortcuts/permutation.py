"""Permutation tests over patients that keep what lies inside a patient as it is.

Slices of one head are not independent: tumor slices lie side by side, and mostly in the
middle of the head. A permutation of single slices would break both and call any trait that
changes slowly along the head significant. So whole patients are exchanged:

- **swapped sequences** (every probe but position): each patient gets the label sequence of
  another one, read at the same relative height. Runs of tumor slices, the shares of tumor
  slices and the tie of label and height stay. What the test asks is whether the trait
  tells more of the label than height does. Patients are exchanged with others of a like
  number of slices, because a series of 20 thick slices is not a shrunken one of 80.
- **shifted sequences** (position): each patient's own sequence is turned by a random number
  of slices, end to start. Runs and shares stay, only the tie with height is broken.
- **swapped sites** (site probes): site is a fact of the patient, and is dealt anew.

References:
    Winkler et al. (2015), Multi-level block permutation, NeuroImage 123:253-268: whole
    blocks are exchanged where observations in a block depend on each other.
    Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78:301-304.
    Phipson and Smyth (2010), Permutation p-values should never be zero, Stat. Appl.
    Genet. Mol. Biol. 9:39: (exceedances + 1) / (permutations + 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.shortcut_spec import ShortcutSpec

SMALLEST_STRATUM = 8
"""Patients with like numbers of slices that are at least exchanged among each other."""
AT_ONCE = 50
"""Permutations between two looks at whether the test can end."""
TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSequences:
    """Labels in the order of the slices along each head.

    Attributes:
        order: Shape (slices,), rows by patient, then by height.
        labels: Shape (slices,), int8, in that order.
        patient: Shape (slices,), number of the patient, in that order.
        rank: Shape (slices,), number of the slice in its patient from 0, in that order.
        start: Shape (patients,), where a patient begins in that order.
        size: Shape (patients,), slices of a patient.
        stratum: Shape (patients,), patients that may be exchanged with each other.
    """

    order: NDArray[np.int64]
    labels: NDArray[np.int8]
    patient: NDArray[np.int64]
    rank: NDArray[np.int64]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    stratum: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """What a permutation test found.

    Attributes:
        p_value: Share of labelings with a figure at least as large, in (0, 1].
        permutations: Labelings that were tried.
        floor: Mean figure of the permuted labelings: what is reached without the cue.
    """

    p_value: float
    permutations: int
    floor: float


def label_sequences(
    labels: NDArray[np.int64],
    patient: NDArray[np.int64],
    height: NDArray[np.float64],
) -> LabelSequences:
    """Order slices by patient and height.

    Args:
        labels: Shape (slices,), 0 or 1.
        patient: Shape (slices,), number from 0 of the patient or group.
        height: Shape (slices,), grows along the head; NaN where unknown, then the order
            of the rows stands for it.

    Returns:
        The sequences, and which patients may be exchanged.
    """
    order = np.lexsort((np.arange(len(labels)), height, patient))
    size = np.bincount(patient)
    start = np.concatenate(([0], np.cumsum(size)[:-1]))
    return LabelSequences(
        order=order,
        labels=labels[order].astype(np.int8),
        patient=patient[order],
        rank=np.arange(len(labels)) - start[patient[order]],
        start=start,
        size=size,
        stratum=_strata_of_size(size),
    )


def swap_sequences(
    sequences: LabelSequences, rng: np.random.Generator, count: int
) -> NDArray[np.int8]:
    """Give each patient the label sequence of another one at the same relative height.

    Args:
        sequences: The labels along each head.
        rng: Source of randomness.
        count: Labelings wanted.

    Returns:
        Shape (slices, count), 0 or 1, in the order of the rows.
    """
    source = np.tile(np.arange(len(sequences.size)), (count, 1))  # (count, patients)
    for number in np.unique(sequences.stratum):
        members = np.flatnonzero(sequences.stratum == number)
        source[:, members] = rng.permuted(np.tile(members, (count, 1)), axis=1)
    own_last = sequences.size[sequences.patient] - 1
    relative = np.where(own_last > 0, sequences.rank / np.maximum(own_last, 1), 0.5)
    giver = source[:, sequences.patient]  # (count, slices)
    place = np.rint(relative * (sequences.size[giver] - 1)).astype(np.int64)
    return _in_row_order(sequences, sequences.start[giver] + place)


def shift_sequences(
    sequences: LabelSequences, rng: np.random.Generator, count: int
) -> NDArray[np.int8]:
    """Turn each patient's own label sequence by a random number of slices.

    Args:
        sequences: The labels along each head.
        rng: Source of randomness.
        count: Labelings wanted.

    Returns:
        Shape (slices, count), 0 or 1, in the order of the rows.
    """
    steps = rng.integers(sequences.size, size=(count, len(sequences.size)))
    size = sequences.size[sequences.patient]
    place = (sequences.rank + steps[:, sequences.patient]) % size
    return _in_row_order(sequences, sequences.start[sequences.patient] + place)


def permutation_test(
    observed: float,
    draw: Callable[[int], NDArray[np.float64]],
    spec: ShortcutSpec,
) -> PermutationTest:
    """Compare a figure with those of permuted labelings, ending early where it can.

    Args:
        observed: The figure of the labels as they are.
        draw: Takes a number of labelings to their figures, shape (number,).
        spec: Most permutations, and exceedances after which the test ends.

    Returns:
        p = exceedances / permutations where it ended early, else (exceedances + 1) /
        (permutations + 1). Both are valid: under the null, P(p <= a) <= a.
    """
    figures = np.empty(0)
    while len(figures) < spec.permutations:
        new = draw(min(AT_ONCE, spec.permutations - len(figures)))
        figures = np.concatenate([figures, new])
        exceeds = np.flatnonzero(figures >= observed - TOLERANCE)
        if len(exceeds) >= spec.exceedances:
            used = int(exceeds[spec.exceedances - 1]) + 1
            return PermutationTest(
                p_value=spec.exceedances / used,
                permutations=used,
                floor=float(figures.mean()),
            )
    exceedances = int((figures >= observed - TOLERANCE).sum())
    return PermutationTest(
        p_value=(exceedances + 1) / (len(figures) + 1),
        permutations=len(figures),
        floor=float(figures.mean()),
    )


def _in_row_order(
    sequences: LabelSequences, place: NDArray[np.int64]
) -> NDArray[np.int8]:
    labels = np.empty((len(sequences.order), len(place)), dtype=np.int8)
    labels[sequences.order] = sequences.labels[place].T
    return labels


def _strata_of_size(size: NDArray[Any]) -> NDArray[np.int64]:
    """Put patients into bins of a factor of two, joined until each has enough."""
    stratum = np.floor(np.log2(size)).astype(np.int64)
    for number in sorted(set(stratum), reverse=True)[:-1]:
        if (stratum == number).sum() < SMALLEST_STRATUM:
            stratum[stratum == number] = stratum[stratum < number].max()
    lowest = stratum.min()
    if (stratum == lowest).sum() < SMALLEST_STRATUM and (stratum > lowest).any():
        stratum[stratum == lowest] = stratum[stratum > lowest].min()
    return stratum
