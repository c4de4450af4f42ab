"""How far probabilities are from the shares they promise, and what chance would show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.curves import ECE_BINS

NULL_DRAWS = 1000
NULL_PERCENTILE = 95
NULL_CHUNK = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationError:
    """Expected calibration error beside what perfect calibration would show.

    Attributes:
        estimate: ECE over 15 equal-width bins. Its bootstrap interval is biased upwards:
            judge the value against the null.
        null_mean: Mean ECE if every label were drawn from its own probability; NaN where
            the estimate cannot be assessed.
        null_high: 95th percentile of the same.
    """

    estimate: MetricEstimate
    null_mean: float
    null_high: float

    @property
    def inside_null(self) -> bool:
        """Whether perfect calibration could look like this."""
        return self.estimate.value <= self.null_high


def measure_calibration(
    table: pd.DataFrame, draws: PatientDraws, spec: EvaluateSpec
) -> CalibrationError:
    """Estimate the expected calibration error and its null.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.
        spec: Seed of the null.

    Returns:
        Sum over 15 equal-width bins of |mean p - tumour share| times the bin's share.
    """
    labels = table["label"].to_numpy(dtype=np.int64)
    scores = table["tumor_probability"].to_numpy(dtype=np.float64)
    inside = calibration_bin(scores)[:, None] == np.arange(ECE_BINS)  # (slices, bins)
    gap = draws.counts @ draws.sum_by_patient(inside * (scores - labels)[:, None])
    slices = draws.counts @ draws.sum_by_patient(np.ones((len(table), 1)))
    samples = MetricSamples(
        name="ece",
        values=np.abs(gap).sum(axis=1) / slices[:, 0],
        entered=np.ones(len(table), dtype=bool),
        reason="no slices",
        is_share=True,
    )
    null = sample_calibration_null(
        scores, draws=NULL_DRAWS, rng=np.random.default_rng(spec.seed)
    )
    return CalibrationError(
        estimate=summarize([samples], draws)["ece"],
        null_mean=float(null.mean()),
        null_high=float(np.percentile(null, NULL_PERCENTILE)),
    )


def measure_tumor_shares(
    table: pd.DataFrame, draws: PatientDraws
) -> tuple[MetricEstimate, ...]:
    """Estimate the share of tumor slices in each bin of the reliability curve.

    Args:
        table: Rows of `Predictions.table` with a label each.
        draws: Draws of these rows' patients.

    Returns:
        One for each of the 15 equal-width bins, rising; an empty bin, or one that a single
        patient fills, carries its reason. The intervals hold for each bin apart, not for
        all of them together.
    """
    labels = table["label"].to_numpy(dtype=np.float64)
    scores = table["tumor_probability"].to_numpy(dtype=np.float64)
    inside = calibration_bin(scores)[:, None] == np.arange(ECE_BINS)  # (slices, bins)
    names = tuple(f"tumor_share_bin_{number:02d}" for number in range(1, ECE_BINS + 1))
    terms = RatioTerms(
        names=names,
        numerator=inside * labels[:, None],
        denominator=inside.astype(np.float64),
    )
    reasons = dict.fromkeys(names, "no slice in this bin")
    samples = sample_ratios(terms, draws, reasons=reasons, shares=names)
    return summarize(samples, draws).estimates


def calibration_bin(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the equal-width bin of each probability, from 0 to `ECE_BINS` - 1."""
    edges = np.linspace(0, 1, ECE_BINS + 1)
    return np.searchsorted(edges[1:-1], probabilities, side="left").astype(np.int64)


def sample_calibration_null(
    probabilities: NDArray[np.float64], *, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the calibration error of a model whose probabilities are exactly right.

    Even such a model shows an error above zero, because labels are 0 or 1: each draw
    takes every label from Bernoulli(p), slices independent.

    Args:
        probabilities: Shape (slices,), in [0, 1].
        draws: Number of draws.
        rng: Source of the randomness.

    Returns:
        Shape (draws,), expected calibration error of each draw.

    References:
        Guo et al. (2017), ICML, equation 3, for the error, here of the tumor
        probability; Broecker and Smith (2007), Weather and Forecasting 22:651-661, for
        drawing labels from the forecast ("consistency resampling").
    """
    # Sorted, so that the order of the slices does not matter.
    sorted_probabilities = np.sort(probabilities)
    chosen = calibration_bin(sorted_probabilities)
    starts = np.flatnonzero(np.diff(chosen, prepend=-1))
    expected = np.add.reduceat(sorted_probabilities, starts)
    errors = np.empty(draws)
    step = max(1, NULL_CHUNK // len(probabilities))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        drawn = rng.random((size, len(probabilities))) < sorted_probabilities
        observed = np.add.reduceat(drawn, starts, axis=1, dtype=np.int64)
        gap = np.abs(observed - expected).sum(axis=1)
        errors[start : start + size] = gap / len(probabilities)
    return errors
