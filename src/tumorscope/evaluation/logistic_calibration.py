"""Calibration of one scale of scores: logistic slope and intercept, beside ECE and Brier.

A slope of 1 and an intercept of 0 are perfect. A slope below 1 means that scores are too
extreme, which is what overfitting looks like; an intercept off 0 means that tumors are
called too likely or too unlikely on the whole.

References:
    Cox (1958), Biometrika 45:562-565 (regression of the outcome on the logit); Van Calster
    et al. (2019), BMC Medicine 17:230 ("weak calibration").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ratios, summarize
from tumorscope.estimation.metrics import probability_terms
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.calibration_error import (
    CalibrationError,
    measure_calibration,
)

PROBABILITY_CLIP = 1e-4
"""Probabilities are clipped to [1e-4, 1 - 1e-4] before the logit is taken."""
MAX_STEPS = 300
STEP_LIMIT = math.log(2)
"""Largest change of any slice's logit in one step. The curvature p (1 - p) changes by less
than a factor of two within it, so that no step of Newton's can lower the likelihood."""
CONVERGED = 1e-9
SAME_SCORES = 1e-5
NOT_SEPARABLE = (
    "one class, one score, or classes that the score separates: no finite slope exists"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleCalibration:
    """How well one scale of scores is calibrated.

    Attributes:
        scale: "calibrated" (tumor_probability) or "raw" (before calibration).
        error: Expected calibration error and its null.
        brier: Brier score.
        slope: Slope of the logistic regression of the label on the logit; 1 is perfect.
        intercept: Its intercept, in logits; 0 is perfect.
    """

    scale: str
    error: CalibrationError
    brier: MetricEstimate
    slope: MetricEstimate
    intercept: MetricEstimate


def measure_scales(
    table: pd.DataFrame, draws: PatientDraws, spec: EvaluateSpec
) -> tuple[ScaleCalibration, ...]:
    """Judge tumor_probability and, where calibration changed it, the raw score too.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.
        spec: Seed of the null.

    Returns:
        "calibrated" first. "raw" follows where the model's own probability, the logistic
        function of `logit`, is known everywhere and differs from tumor_probability.
    """
    scales = [_measure_scale("calibrated", table, draws, spec)]
    logit = table["logit"].to_numpy(dtype=np.float64)
    if np.isnan(logit).any():
        return tuple(scales)
    raw = np.exp(-np.logaddexp(0, -logit))  # without overflow
    if (np.abs(raw - table["tumor_probability"].to_numpy()) > SAME_SCORES).any():
        own = table.assign(tumor_probability=raw)
        scales.append(_measure_scale("raw", own, draws, spec))
    return tuple(scales)


def _measure_scale(
    scale: str, table: pd.DataFrame, draws: PatientDraws, spec: EvaluateSpec
) -> ScaleCalibration:
    labels = table["label"].to_numpy(dtype=np.int64)
    scores = table["tumor_probability"].to_numpy(dtype=np.float64)
    fits = sample_logistic_fit(labels, scores, draws)
    every = np.ones(len(labels), dtype=bool)
    samples = [
        MetricSamples(
            name=name,
            values=values,
            entered=every,
            reason=NOT_SEPARABLE,
            is_coefficient=True,
        )
        for name, values in zip(
            ("calibration_slope", "calibration_intercept"), fits, strict=True
        )
    ]
    reasons = {"brier": "no slices", "log_loss": "no slices"}
    terms = probability_terms(labels, scores)
    figures = summarize(
        [*samples, *sample_ratios(terms, draws, reasons=reasons)], draws
    )
    return ScaleCalibration(
        scale=scale,
        error=measure_calibration(table, draws, spec),
        brier=figures["brier"],
        slope=figures["calibration_slope"],
        intercept=figures["calibration_intercept"],
    )


def sample_logistic_fit(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], draws: PatientDraws
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit label on logit(probability) without penalty, in the set and in every draw.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1]; clipped to [1e-4, 1 - 1e-4].
        draws: The draws.

    Returns:
        Slope and intercept, each of shape (1 + draws,); NaN where no finite slope
        maximizes the likelihood, that is with one class, one score, or classes that the
        score separates.
    """
    clipped = np.clip(probabilities, PROBABILITY_CLIP, 1 - PROBABILITY_CLIP)
    logit = np.log(clipped / (1 - clipped))
    order = np.argsort(logit, kind="stable")
    logit, label = logit[order], labels[order].astype(np.float64)
    whole = _newton(logit, label, np.ones((1, len(order))), start=(1.0, 0.0))
    start = (1.0, 0.0) if np.isnan(whole).any() else (whole[0, 0], whole[0, 1])
    fits = [
        _newton(logit, label, weights, start=start)
        for weights in draws.slice_weights(order)
    ]  # (some draws, 2) each
    slope, intercept = np.concatenate(fits).T
    return slope, intercept


def _newton(
    logit: NDArray[np.float64],
    label: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    start: tuple[float, float],
) -> NDArray[np.float64]:
    """Maximize the weighted likelihood of each row; shape (rows, 2): slope, intercept."""
    found = np.tile(np.array(start), (len(weights), 1))
    open_rows = np.flatnonzero(_has_overlap(logit, label, weights))
    result = np.full_like(found, np.nan)
    farthest = float(np.abs(logit).max(initial=0.0))
    for _ in range(MAX_STEPS):
        if not len(open_rows):
            break
        step = _step(logit, label, weights[open_rows], found[open_rows])
        reach = np.abs(step[:, 0]) * farthest + np.abs(step[:, 1])
        found[open_rows] += (
            step * np.minimum(1, STEP_LIMIT / np.maximum(reach, 1e-300))[:, None]
        )
        done = reach < CONVERGED
        result[open_rows[done]] = found[open_rows[done]]
        open_rows = open_rows[~done]
    return result


def _step(
    logit: NDArray[np.float64],
    label: NDArray[np.float64],
    weights: NDArray[np.float64],
    at: NDArray[np.float64],
) -> NDArray[np.float64]:
    probability = 1 / (1 + np.exp(-(at[:, :1] * logit + at[:, 1:])))  # (rows, slices)
    residual = weights * (label - probability)
    curvature = weights * probability * (1 - probability)
    gradient = np.stack([residual @ logit, residual.sum(axis=1)], axis=1)
    moments = [curvature @ logit**power for power in (0, 1, 2)]
    determinant = moments[2] * moments[0] - moments[1] ** 2
    inverse_times_gradient = np.stack(
        [
            moments[0] * gradient[:, 0] - moments[1] * gradient[:, 1],
            moments[2] * gradient[:, 1] - moments[1] * gradient[:, 0],
        ],
        axis=1,
    )
    safe = np.maximum(determinant, np.finfo(np.float64).tiny)
    return inverse_times_gradient / safe[:, None]


def _has_overlap(
    logit: NDArray[np.float64], label: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return whether each row's classes overlap; `logit` rises.

    A finite slope exists where some tumor slice lies below some tumor-free slice, and
    some lies above one (Albert and Anderson 1984, Biometrika 71:1-10).
    """
    ends = []
    for is_label in (label == 1, label == 0):
        drawn = weights[:, is_label] > 0
        own = logit[is_label]
        if not drawn.shape[1]:
            return np.zeros(len(weights), dtype=bool)
        lowest = own[np.argmax(drawn, axis=1)]
        highest = own[::-1][np.argmax(drawn[:, ::-1], axis=1)]
        ends.append((lowest, highest, drawn.any(axis=1)))
    (tumor_low, tumor_high, has_tumor), (free_low, free_high, has_free) = ends
    return has_tumor & has_free & (tumor_low < free_high) & (free_low < tumor_high)
