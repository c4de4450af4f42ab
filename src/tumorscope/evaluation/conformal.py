"""Sets of possible labels whose rate of holding the true one is promised, per class.

Slices of one patient are not exchangeable, patients are. The calibration therefore takes
one slice of each patient: repeated without end, this gives every slice of a patient the
weight one over the number of the patient's slices, which needs no drawing at all. With
one more patient of unknown score, at infinity, the quantile of these weights is that of
hierarchical conformal prediction, and the promise holds for a slice drawn from a new
patient: a level of 95 % needs 19 patients with slices of the label, 90 % needs 9.

No library offers this (MAPIE and crepes take rows as exchangeable), and it is short.

References:
    Lee, Barber and Willett (2023), arXiv 2306.06342, section 3 (the quantile); Dunn,
    Wasserman and Ramdas (2018), arXiv 1809.07441, section 3 (repeated subsampling);
    Vovk (2012), ACML, "Conditional validity" (a quantile for each class).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    LogitCalibration,
    calibrate,
)
from tumorscope.evaluation.tuning_scores import TuningScores

ROUNDING = 1e-9


def fix_conformal_sets(
    tuning: TuningScores, calibration: LogitCalibration, *, levels: Sequence[float]
) -> ConformalSets:
    """Fix how far a score may go before its label leaves the set.

    Args:
        tuning: The scored tuning part (or other patients that the model never saw).
        calibration: From logit to tumor_probability.
        levels: Wanted levels, each in (0, 1).

    Returns:
        Cuts for each level and label, and the level that decides on referrals.
    """
    probability = calibrate(tuning.logit, calibration)
    of_label = [tuning.label == label for label in (0, 1)]
    scores = [probability[of_label[0]], 1 - probability[of_label[1]]]
    patients = [tuning.patient[chosen] for chosen in of_label]
    counts = [len(np.unique(each)) for each in patients]

    def cuts_at(level: float) -> ConformalLevel:
        no_tumor, tumor = (
            largest_score(*pair, level=level)
            for pair in zip(scores, patients, strict=True)
        )
        return ConformalLevel(level=level, largest_score=(no_tumor, tumor))

    deciding = _deciding_level(min(counts), levels)
    return ConformalSets(
        patients=(counts[0], counts[1]),
        slices=(len(scores[0]), len(scores[1])),
        levels=tuple(cuts_at(level) for level in sorted(set(levels))),
        deciding=None if deciding is None else cuts_at(deciding),
    )


def largest_score(
    scores: NDArray[np.float64], patients: NDArray[np.int64], *, level: float
) -> float | None:
    """Return the quantile of scores that a new patient's slice stays below.

    Args:
        scores: Shape (slices,), 1 - probability of the true label, in [0, 1].
        patients: Shape (slices,), patient of each.
        level: Share of slices of new patients that shall score at most the result.

    Returns:
        The smallest score up to which the slices weigh at least `level`, where each
        patient weighs 1 / (patients + 1); None if all together weigh less.
    """
    names, place, sizes = np.unique(patients, return_inverse=True, return_counts=True)
    if highest_level(len(names)) < level - ROUNDING:
        return None
    order = np.argsort(scores)
    weights = 1 / ((len(names) + 1) * sizes[place])
    reached = np.cumsum(weights[order])
    first = int(np.searchsorted(reached, level - ROUNDING))
    return float(scores[order[min(first, len(order) - 1)]])


def highest_level(patients: int) -> float:
    """Return the highest level that this many patients can promise: n / (n + 1)."""
    return patients / (patients + 1)


def _deciding_level(patients: int, levels: Sequence[float]) -> float | None:
    highest = highest_level(patients)
    promised = [level for level in levels if level <= highest + ROUNDING]
    if promised:
        return max(promised)
    return highest if patients else None
