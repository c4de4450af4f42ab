"""Several complete testings of one set of slices, averaged inside each draw of patients.

A model is tested on every slice once in each repeat. A figure is computed on the pooled
slices of one repeat and then averaged over the repeats; its interval comes from the same
average inside every draw, with the same draws for all repeats. Averaging intervals, or
pooling the repeats' rows, would count each patient several times over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.calibration_error import (
    NULL_DRAWS,
    NULL_PERCENTILE,
    sample_calibration_null,
)
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.metric_family import FAMILY, sample_family

SAME_IN_ALL = ("image", "frame", "label", "patient_id", "group", "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationNull:
    """The calibration error that perfect calibration would show on these slices.

    Attributes:
        mean: Mean over the null draws, averaged over repeats.
        high: 95th percentile of the null draws, averaged over repeats.
    """

    mean: float
    high: float


def align_repeats(repeats: Sequence[Predictions]) -> tuple[pd.DataFrame, ...]:
    """Bring the tested slices of all repeats into one order.

    Args:
        repeats: At least one; each tests the same slices once.

    Returns:
        The tested rows of each repeat, sorted by image and frame, index from 0.

    Raises:
        DataError: If there is no repeat, or slices, labels, patients, groups or sites
            differ between repeats.
    """
    if not repeats:
        raise DataError("no repeat was tested: nothing to average")
    tables = tuple(
        evaluated_rows(each).sort_values(["image", "frame"]).reset_index(drop=True)
        for each in repeats
    )
    for number, table in enumerate(tables[1:], start=1):
        differing = differences(tables[0], table)
        if differing:
            raise DataError(
                f"repeat {number} differs from repeat 0 in {differing}: repeats must "
                "test the same slices; remove the protocol's folder and start again"
            )
    return tables


def differences(table: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Return the columns in which two aligned tables do not tell of the same slices."""
    return [name for name in SAME_IN_ALL if not table[name].equals(other[name])]


def draw_for(
    tables: Sequence[pd.DataFrame], spec: EvaluateSpec, grouping: Grouping
) -> PatientDraws:
    """Draw the patients of aligned repeats, once for all of them."""
    return draw_patients(tables[0]["group"], tables[0]["site"], spec, grouping=grouping)


def average_figures(
    tables: Sequence[pd.DataFrame],
    draws: PatientDraws,
    names: Sequence[str] = tuple(FAMILY),
) -> list[MetricSamples]:
    """Average figures over the repeats, inside every draw.

    Args:
        tables: Aligned repeats.
        draws: Draws of their patients, used for all of them.
        names: Which figures, keys of `FAMILY`.

    Returns:
        One for each name. It is undefined in a draw where any repeat's is.
    """
    return average_samples([sample_family(table, draws, names) for table in tables])


def average_samples(
    repeats: Sequence[Sequence[MetricSamples]],
) -> list[MetricSamples]:
    """Average samples of the same figures, in the same order, over the repeats."""
    return [_average(each) for each in zip(*repeats, strict=True)]


def average_null(tables: Sequence[pd.DataFrame], spec: EvaluateSpec) -> CalibrationNull:
    """Return what perfect calibration would show, averaged over the repeats."""
    drawn = [
        sample_calibration_null(
            table["tumor_probability"].to_numpy(dtype=np.float64),
            draws=NULL_DRAWS,
            rng=np.random.default_rng(spec.seed),
        )
        for table in tables
    ]
    return CalibrationNull(
        mean=float(np.mean([each.mean() for each in drawn])),
        high=float(np.mean([np.percentile(each, NULL_PERCENTILE) for each in drawn])),
    )


def with_scores(table: pd.DataFrame, scores: NDArray[np.float64]) -> pd.DataFrame:
    """Return the rows with another method's scores, which have no tuned threshold."""
    return table.assign(tumor_probability=scores, threshold_probability=np.nan)


def _average(samples: Sequence[MetricSamples]) -> MetricSamples:
    reasons = [each.reason for each in samples if np.isnan(each.values[0])]
    return replace(
        samples[0],
        values=np.mean([each.values for each in samples], axis=0),
        entered=np.any([each.entered for each in samples], axis=0),
        reason=reasons[0] if reasons else samples[0].reason,
    )
