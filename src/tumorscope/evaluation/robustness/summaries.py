"""Means over the eight MRI artifacts and the worst of them (R1, R3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.robustness_spec import DEFINED_ARTIFACTS
from tumorscope.estimation.bootstrap import MetricSamples, sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.evaluation.robustness.report import Summary
from tumorscope.evaluation.robustness.sampling import (
    NO_NEW_ERROR,
    CleanScores,
    NewErrors,
)

SamplesByCorruption = Mapping[tuple[str, int], Mapping[str, MetricSamples]]
DROP_BANDS = ((1, 2), (3,), (4,), (5,))
SENSITIVITY_SEVERITY = 3


def lacking(
    measured: SamplesByCorruption | Mapping[tuple[str, int], NewErrors],
    severities: Sequence[int],
) -> str:
    """Return why a mean over the eight artifacts cannot be formed; empty where it can."""
    absent = [
        f"{name} at severity {severity}"
        for severity in severities
        for name in DEFINED_ARTIFACTS
        if (name, severity) not in measured
    ]
    if not absent:
        return ""
    more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
    return f"{absent[0]}{more} not measured, and the mean is over eight artifacts"


def summarize_figure(
    samples: SamplesByCorruption,
    clean: CleanScores,
    *,
    figure: str,
    severities: tuple[int, ...],
) -> Summary:
    """Average one figure over severities and over the eight artifacts.

    Args:
        samples: Figures of every artifact and severity.
        clean: Gives the draws.
        figure: Which one.
        severities: Averaged over these.

    Returns:
        Mean and worst with paired intervals; both say why where one was not measured.
        The worst artifact is chosen on the set as it is, and its interval does not
        include that choice.
    """
    reason = lacking(samples, severities)
    if reason:
        blank = blank_samples(figure, clean, reason)
        unknown = summarize([blank], clean.draws)[figure]
        return Summary(
            figure=figure,
            severities=severities,
            mean=unknown,
            worst=unknown,
            worst_artifact="",
        )
    pattern = samples[DEFINED_ARTIFACTS[0], severities[0]][figure]
    rows = np.stack(
        [
            np.mean([samples[name, one][figure].values for one in severities], axis=0)
            for name in DEFINED_ARTIFACTS
        ]
    )  # (artifacts, 1 + draws)
    known = not np.isnan(rows[:, 0]).any()
    place = int(rows[:, 0].argmax()) if known else 0
    mean, worst = (
        summarize([replace(pattern, values=values)], clean.draws)[figure]
        for values in (rows.mean(axis=0), rows[place])
    )
    return Summary(
        figure=figure,
        severities=severities,
        mean=mean,
        worst=worst,
        worst_artifact=DEFINED_ARTIFACTS[place] if known else "",
    )


def pool_new_errors(
    found: Mapping[tuple[str, int], NewErrors], clean: CleanScores, *, severity: int
) -> MetricEstimate:
    """Return the share of the eight artifacts' new errors that are abstained on.

    Args:
        found: New errors of every artifact and severity.
        clean: Gives the draws.
        severity: Which one is pooled.
    """
    name = "new_errors_abstained"
    reason = lacking(found, (severity,))
    if reason:
        return summarize([blank_samples(name, clean, reason)], clean.draws)[name]
    parts = [found[artifact, severity] for artifact in DEFINED_ARTIFACTS]
    terms = RatioTerms(
        names=(name,),
        numerator=_count([one.is_new & one.is_abstained for one in parts]),
        denominator=_count([one.is_new for one in parts]),
    )
    samples = sample_ratios(
        terms, clean.draws, reasons={name: NO_NEW_ERROR}, shares=(name,)
    )
    return summarize(samples, clean.draws)[name]


def blank_samples(name: str, clean: CleanScores, reason: str) -> MetricSamples:
    """Return a figure that cannot be assessed."""
    return MetricSamples(
        name=name,
        values=np.full(len(clean.draws.counts), np.nan),
        entered=np.zeros(len(clean.labels), dtype=bool),
        reason=reason,
    )


def _count(marks: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    return np.sum(marks, axis=0).astype(np.float64)[:, None]  # (slices, 1)
