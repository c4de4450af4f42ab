"""Net benefit: what a threshold is worth to whoever weighs hits against false alarms.

A threshold t says that a missed tumor slice weighs as much as (1 - t) / t false alarms. The
net benefit at t, TP/n - FP/n * t / (1 - t), is compared with calling every slice positive,
with calling none, and with the best of the simple methods.

References:
    Vickers and Elkin (2006), Medical Decision Making 26:565-574.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws

DECISION_THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 11))
"""From 0.05 to 0.50."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """What the model is compared with.

    Attributes:
        name: Name of the method.
        probabilities: Shape (slices,), in [0, 1], of the tested slices.
    """

    name: str
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBenefit:
    """Net benefit at one threshold, in net true positives for each slice.

    Attributes:
        threshold_probability: The threshold, in (0, 1).
        model: Of the model; also its gain over calling no slice positive, which is 0.
        treat_all: Of calling every slice positive.
        over_all: Model minus calling every slice positive.
        rival: Of the best simple method; None where none was run.
        over_rival: Model minus that method; None where none was run.
    """

    threshold_probability: float
    model: MetricEstimate
    treat_all: MetricEstimate
    over_all: MetricEstimate
    rival: MetricEstimate | None
    over_rival: MetricEstimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCurve:
    """Net benefit over thresholds.

    Attributes:
        points: At the thresholds 0.05, 0.10, ..., 0.50.
        rival: Name of the best simple method by AUROC on these very slices, which
            favors it; empty where none was run.
    """

    points: tuple[NetBenefit, ...]
    rival: str


def measure_decision_curve(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    draws: PatientDraws,
    rival: Rival | None = None,
) -> DecisionCurve:
    """Estimate the net benefit of the model and of what it is compared with.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1]; a slice is positive strictly above.
        draws: The draws; every comparison is paired by draw.
        rival: The best simple method, if any was run.
    """
    return DecisionCurve(
        points=tuple(
            _measure_point(
                threshold,
                labels,
                (probabilities, None if rival is None else rival.probabilities),
                draws,
            )
            for threshold in DECISION_THRESHOLDS
        ),
        rival="" if rival is None else rival.name,
    )


def _measure_point(
    threshold: float,
    labels: NDArray[np.int64],
    scores: tuple[NDArray[np.float64], NDArray[np.float64] | None],
    draws: PatientDraws,
) -> NetBenefit:
    gain = np.where(labels == 1, 1.0, -threshold / (1 - threshold))
    own, other = scores
    columns = {
        "net_benefit": gain * (own > threshold),
        "net_benefit_treat_all": gain,
        "net_benefit_over_all": gain * (own > threshold) - gain,
    }
    if other is not None:
        columns["net_benefit_rival"] = gain * (other > threshold)
        columns["net_benefit_over_rival"] = gain * (own > threshold) - gain * (
            other > threshold
        )
    return estimate_benefit(threshold, columns, draws)


def estimate_benefit(
    threshold: float, columns: Mapping[str, NDArray[np.float64]], draws: PatientDraws
) -> NetBenefit:
    """Turn what each slice gains into net benefit with intervals over patients.

    Args:
        threshold: In (0, 1).
        columns: Gains of each slice, shape (slices,): "net_benefit",
            "net_benefit_treat_all", "net_benefit_over_all", and with a rival
            "net_benefit_rival" and "net_benefit_over_rival".
        draws: Draws of patients.
    """
    terms = RatioTerms(
        names=tuple(columns),
        numerator=np.stack(list(columns.values()), axis=1),
        denominator=np.ones((len(columns["net_benefit"]), len(columns))),
    )
    reasons = dict.fromkeys(columns, "no slices")
    figures = {
        each.name: each
        for each in summarize(sample_ratios(terms, draws, reasons=reasons), draws)
    }
    return NetBenefit(
        threshold_probability=threshold,
        model=figures["net_benefit"],
        treat_all=figures["net_benefit_treat_all"],
        over_all=figures["net_benefit_over_all"],
        rival=figures.get("net_benefit_rival"),
        over_rival=figures.get("net_benefit_over_rival"),
    )
