"""Logits brought to the scale of probabilities, on the tuning part only.

Temperature scaling is the default. On scores of 45 patients, calibrated by 6 or 12 of them
and judged on the others, it had the lowest log loss of temperature, Platt, beta and
isotonic calibration: one number is what so few patients can fix. Where the scores were
also shifted, Platt was slightly better, and beta with 12 patients
(`benchmarks/calibration_methods.py`).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from tumorscope.domain.calibration import LogitCalibration
from tumorscope.evaluation.tuning_scores import TuningScores

Method = Literal["none", "temperature", "platt"]
SLOPE_LIMITS = (0.1, 10.0)
INTERCEPT_LIMITS = (-10.0, 10.0)
LEFT_OUT_PARTS = 20


def fit_calibration(tuning: TuningScores, method: Method) -> LogitCalibration:
    """Fit the line from logit to calibrated logit.

    Minimizes the log loss with each patient counting equally, so that one long series
    does not decide alone, and with Platt's smoothed targets, so that a perfectly
    separated tuning part does not lead to certainty. The slope stays in `SLOPE_LIMITS`.

    Args:
        tuning: The scored tuning part.
        method: "temperature" fits the slope, "platt" slope and intercept, "none" nothing.

    Returns:
        The line with its n, and the log loss of the tuning part before it and, every
        patient calibrated by others, after it. A tuning part of one class fixes nothing:
        then the method is "none".

    References:
        Guo et al. (2017), ICML, section 4.2; Platt (1999), Advances in Large Margin
        Classifiers, section 3.
    """
    if method == "none" or len(np.unique(tuning.label)) < 2:
        return LogitCalibration()
    slope, intercept = _fit_line(tuning, method)
    weights = tuning.patient_weights()
    left_out = _left_out_logits(tuning, method)
    return LogitCalibration(
        method=method,
        slope=slope,
        intercept=intercept,
        tune_slices=len(tuning.logit),
        tune_patients=tuning.n_patients,
        log_loss_raw=_log_loss(tuning.logit, tuning.label, weights),
        log_loss_left_out=(
            None if left_out is None else _log_loss(left_out, tuning.label, weights)
        ),
    )


def _fit_line(tuning: TuningScores, method: Method) -> tuple[float, float]:
    weights = tuning.patient_weights()
    counts = np.bincount(tuning.label, minlength=2)
    smoothed = np.array([1 / (counts[0] + 2), (counts[1] + 1) / (counts[1] + 2)])
    target = smoothed[tuning.label]

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = line[0] * tuning.logit + line[1]
        value = weights @ (np.logaddexp(0, logit) - target * logit)
        excess = weights * (_sigmoid(logit) - target)
        return float(value), np.array([excess @ tuning.logit, excess.sum()])

    fixed = (0.0, 0.0)
    found = minimize(
        loss,
        x0=np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[SLOPE_LIMITS, INTERCEPT_LIMITS if method == "platt" else fixed],
    )
    slope, intercept = found.x
    return float(slope), float(intercept)


def _left_out_logits(
    tuning: TuningScores, method: Method
) -> NDArray[np.float64] | None:
    """Calibrate each patient by a line fitted on others; None if that is impossible."""
    part = tuning.patient % LEFT_OUT_PARTS
    logits = np.empty(len(part))
    for number in np.unique(part):
        held = part == number
        if len(np.unique(tuning.label[~held])) < 2:
            return None
        slope, intercept = _fit_line(tuning.rows(~held), method)
        logits[held] = slope * tuning.logit[held] + intercept
    return logits


def _log_loss(
    logit: NDArray[np.float64],
    label: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> float:
    return float(weights @ (np.logaddexp(0, logit) - label * logit))


def _sigmoid(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -logit))
