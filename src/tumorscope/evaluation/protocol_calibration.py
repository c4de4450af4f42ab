"""Calibration of each scale of scores, averaged over the repeats of a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.evaluated import labels_of, scores_of
from tumorscope.evaluation.logistic_calibration import (
    NOT_SEPARABLE,
    SAME_SCORES,
    sample_logistic_fit,
)
from tumorscope.evaluation.metric_family import sample_family
from tumorscope.evaluation.repeats import (
    CalibrationNull,
    average_null,
    average_samples,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolScale:
    """How well one scale of scores is calibrated, averaged over repeats.

    Attributes:
        scale: "calibrated" (tumor_probability) or "raw" (before calibration).
        figures: ece, brier, calibration_slope, calibration_intercept.
        null: Calibration error that perfect calibration would show.
    """

    scale: str
    figures: MetricSet
    null: CalibrationNull


def average_scales(
    tables: Sequence[pd.DataFrame], draws: PatientDraws, spec: EvaluateSpec
) -> tuple[ProtocolScale, ...]:
    """Judge tumor_probability and, where calibration changed it, the raw score too.

    Args:
        tables: Aligned repeats.
        draws: Draws of their patients, used for all of them.
        spec: Seed of the null.

    Returns:
        "calibrated" first. "raw" follows where the model's own probability, the logistic
        function of `logit`, is known everywhere and differs from tumor_probability.
    """
    scales = [_average_scale("calibrated", tables, draws, spec)]
    logits = [table["logit"].to_numpy(dtype=np.float64) for table in tables]
    if any(np.isnan(each).any() for each in logits):
        return tuple(scales)
    raw = [
        table.assign(tumor_probability=np.exp(-np.logaddexp(0, -each)))
        for table, each in zip(tables, logits, strict=True)
    ]  # without overflow
    if any(
        np.abs(scores_of(one) - scores_of(other)).max() > SAME_SCORES
        for one, other in zip(raw, tables, strict=True)
    ):
        scales.append(_average_scale("raw", raw, draws, spec))
    return tuple(scales)


def _average_scale(
    scale: str,
    tables: Sequence[pd.DataFrame],
    draws: PatientDraws,
    spec: EvaluateSpec,
) -> ProtocolScale:
    sampled = [
        sample_family(table, draws, ["ece", "brier"]) + _sample_fit(table, draws)
        for table in tables
    ]
    return ProtocolScale(
        scale=scale,
        figures=summarize(average_samples(sampled), draws),
        null=average_null(tables, spec),
    )


def _sample_fit(table: pd.DataFrame, draws: PatientDraws) -> list[MetricSamples]:
    fits = sample_logistic_fit(labels_of(table), scores_of(table), draws)
    names = ("calibration_slope", "calibration_intercept")
    return [
        MetricSamples(
            name=name,
            values=values,
            entered=np.ones(len(table), dtype=bool),
            reason=NOT_SEPARABLE,
            is_coefficient=True,
        )
        for name, values in zip(names, fits, strict=True)
    ]
