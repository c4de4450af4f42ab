"""The operating threshold, fixed on the tuning part and never on the test part.

All is computed on logits, where scores near 0 and 1 keep their distances. The threshold
lies halfway between two neighboring scores: a slice's own score would move with the
smallest change of that slice.

A threshold from the slices of a few patients carries over badly: slices of one patient
resemble each other, and new patients differ. Two things are done about it. The rate that
is reached when each tuning patient is judged by a threshold fixed on the others is stored
beside the target. And `carry_over_confidence` above 0.5 moves the threshold by a one-sided
t-bound over patients: on 45 patients' scores, thresholds from 6, 12 and 20 of them that
aimed at a specificity of 0.95 reached it on the others in 50, 42 and 28 % of the draws
without a margin and in 88, 70 and 57 % with one for 0.9, at the price of 0.06 to 0.11 of
sensitivity (`benchmarks/calibration_methods.py`). It is a help, not a guarantee.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from tumorscope.domain.calibration import (
    LogitCalibration,
    OperatingTarget,
    calibrate,
)
from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.tuning_scores import TuningScores

MARGIN_DRAWS = 500
LEFT_OUT_PARTS = 20
END_STEP = 1e-3
ROUNDING = 1e-9


def fix_threshold(
    tuning: TuningScores,
    calibration: LogitCalibration,
    target: OperatingTarget,
    *,
    carry_over_confidence: float = 0.5,
    seed: int = 0,
) -> OperatingThreshold:
    """Fix the threshold for a sensitivity or a specificity on the tuning part.

    Args:
        tuning: The scored tuning part.
        calibration: From logit to tumor_probability.
        target: The wanted rate.
        carry_over_confidence: One-sided confidence over patients, in [0.5, 1), that the
            target holds for new ones; 0.5 adds no margin.
        seed: Seed of the draws of patients behind the margin.

    Returns:
        The threshold on tumor_probability, with its n and the left-out rate.

    Raises:
        DataError: If no tuning slice is of the class that the target counts.
    """
    counted = tuning.label == int(target.rate == "sensitivity")
    if not counted.any():
        lacking = "free of tumor" if target.rate == "specificity" else "with tumor"
        raise DataError(
            f"none of the {len(tuning.label)} tuning slices is {lacking}: a threshold "
            f"for a {target.rate} needs some; split again with a larger tune_share"
        )
    own = tuning.rows(counted)
    margin = _margin(own, target, confidence=carry_over_confidence, seed=seed)
    logit = threshold_logit(own.logit, target) + margin
    return OperatingThreshold(
        threshold_probability=float(calibrate(np.array(logit), calibration)),
        target_specificity=target.value if target.rate == "specificity" else None,
        target_sensitivity=target.value if target.rate == "sensitivity" else None,
        carry_over_confidence=carry_over_confidence,
        left_out_rate=_left_out_rate(
            own, target, confidence=carry_over_confidence, seed=seed
        ),
        tune_slices=len(own.logit),
        tune_patients=own.n_patients,
    )


def threshold_logit(logits: NDArray[np.float64], target: OperatingTarget) -> float:
    """Return the threshold that just reaches the target on these slices.

    For a specificity it lies halfway between the smallest score with at most the share
    1 - target strictly above it and the next higher one; for a sensitivity, halfway
    between the largest score that must be above it and the next lower one. Where there
    is no next score, it is the score itself, or `END_STEP` logits below it.

    Args:
        logits: Shape (slices,), logits of the class that the target counts.
        target: The wanted rate.

    Returns:
        The threshold; a slice is positive if its logit is strictly above it.
    """
    weights = np.ones((1, len(logits)))
    return float(_weighted_thresholds(logits, weights, target)[0])


def _weighted_thresholds(
    logits: NDArray[np.float64], weights: NDArray[np.float64], target: OperatingTarget
) -> NDArray[np.float64]:
    """Return the threshold for each row of weights, shape (draws, slices)."""
    sign = 1.0 if target.rate == "specificity" else -1.0
    order = np.argsort(sign * logits)
    level, ends = np.unique((sign * logits)[order][::-1], return_index=True)  # rising
    last = len(order) - 1 - ends
    reached = np.cumsum(weights[:, order], axis=1)[:, last]  # (draws, levels)
    wanted = target.value * reached[:, -1:] - ROUNDING
    first = (reached >= wanted).argmax(axis=1)
    # A positive slice is strictly above: for a sensitivity the threshold must stay below.
    end = level[-1] + (0.0 if sign > 0 else 2 * END_STEP)
    following = np.append(level[1:], end)
    return sign * (level[first] + following[first]) / 2


def _margin(
    own: TuningScores, target: OperatingTarget, *, confidence: float, seed: int
) -> float:
    """Return how far a one-sided t-bound over patients moves the threshold, in logits.

    The deviation of the threshold over draws of patients, widened by sqrt(n / (n - 1))
    and the t quantile with n - 1 degrees of freedom, as for any mean of n patients.
    """
    if confidence == 0.5:
        return 0.0
    n = own.n_patients
    if n < 2:
        raise DataError(
            f"the threshold rests on {n} tuning patient: a carry_over_confidence needs "
            "at least two; split again with a larger tune_share, or set it to 0.5"
        )
    draws = draw_patients(
        pd.Series(own.patient.astype(str)),
        pd.Series([None] * len(own.patient), dtype="str"),
        EvaluateSpec(bootstrap_draws=MARGIN_DRAWS, seed=seed),
        grouping="patient",
    )
    weights = draws.counts[1:, draws.patient_of_slice]
    deviation = _weighted_thresholds(own.logit, weights, target).std(ddof=1)
    margin = stats.t.ppf(confidence, n - 1) * deviation * np.sqrt(n / (n - 1))
    return float(margin if target.rate == "specificity" else -margin)


def _left_out_rate(
    own: TuningScores, target: OperatingTarget, *, confidence: float, seed: int
) -> float | None:
    """Judge each patient by a threshold from the others; None with fewer than three."""
    if own.n_patients < 3:
        return None
    reached = np.zeros(len(own.logit), dtype=bool)
    part = own.patient % LEFT_OUT_PARTS
    for number in np.unique(part):
        held = part == number
        others = own.rows(~held)
        threshold = threshold_logit(others.logit, target) + _margin(
            others, target, confidence=confidence, seed=seed
        )
        above = own.logit[held] > threshold
        reached[held] = above == (target.rate == "sensitivity")
    return float(reached.mean())
