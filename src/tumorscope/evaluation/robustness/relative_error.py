"""Errors that corruptions add, relative to a reference model (R2).

References:
    Hendrycks and Dietterich (2019), ICLR, section 4.1 ("relative mCE").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.robustness_spec import DEFINED_ARTIFACTS, SEVERITIES
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.evaluation.robustness.report import RelativeError
from tumorscope.evaluation.robustness.sampling import CleanScores, find_errors
from tumorscope.evaluation.robustness.scores import (
    CorruptedScores,
    ReferenceScores,
    RobustnessScores,
)
from tumorscope.evaluation.robustness.summaries import blank_samples

SMALLEST_REFERENCE = 0.01
MEAN = "relative_corruption_error"
NO_REFERENCE = "no reference run was given"


def measure_relative_error(
    scores: RobustnessScores, clean: CleanScores
) -> RelativeError:
    """Divide the errors that artifacts add by those that they add to the reference.

    Args:
        scores: Of the run and of its reference.
        clean: Gives labels and draws.

    Returns:
        100 is as fragile as the reference, 0 is untouched. A draw in which the reference
        loses less than 0.01 has no ratio and is left out of the interval.
    """
    if not scores.reference:
        return _blank(clean, reference="", reason=NO_REFERENCE)
    reference = scores.reference[0]
    own = _added_errors(scores.clean, scores.corrupted, clean)
    others = _added_errors(reference.clean, reference.corrupted, clean)
    absent = [
        name for name in DEFINED_ARTIFACTS if name not in own or name not in others
    ]
    if absent:
        reason = f"{', '.join(absent)} not measured at all five severities"
        return _blank(clean, reference=reference.name, reason=reason)
    left_out = tuple(
        name for name in DEFINED_ARTIFACTS if others[name][0] < SMALLEST_REFERENCE
    )
    ratios: dict[str, NDArray[np.float64]] = {
        name: _percent(own[name], others[name])
        for name in DEFINED_ARTIFACTS
        if name not in left_out
    }
    if not ratios:
        reason = f"no artifact costs {reference.name} {SMALLEST_REFERENCE:g}"
        return _blank(clean, reference=reference.name, reason=reason, left_out=left_out)
    return _relative(reference, ratios, clean, left_out)


def _relative(
    reference: ReferenceScores,
    ratios: dict[str, NDArray[np.float64]],
    clean: CleanScores,
    left_out: tuple[str, ...],
) -> RelativeError:
    rows = ratios | {MEAN: np.mean(list(ratios.values()), axis=0)}
    figures = summarize(
        [
            MetricSamples(
                name=name,
                values=values,
                entered=np.ones(len(clean.labels), dtype=bool),
                reason="undefined",
            )
            for name, values in rows.items()
        ],
        clean.draws,
    )
    return RelativeError(
        reference=reference.name,
        per_artifact=tuple(figures[name] for name in ratios),
        mean=figures[MEAN],
        left_out=left_out,
    )


def _added_errors(
    probabilities: NDArray[np.float64],
    corrupted: Sequence[CorruptedScores],
    clean: CleanScores,
) -> dict[str, NDArray[np.float64]]:
    """Sum the added error over the severities, for artifacts that have all five.

    Returns:
        By artifact, shape (1 + draws,).
    """
    before = find_errors(clean.labels, probabilities).astype(np.float64)
    by_key = {(one.name, one.severity): one.probabilities for one in corrupted}
    counts, draws = clean.draws.counts, clean.draws
    slices = counts @ draws.sum_by_patient(np.ones((len(before), 1)))  # (1 + draws, 1)
    added: dict[str, NDArray[np.float64]] = {}
    for name in DEFINED_ARTIFACTS:
        if any((name, severity) not in by_key for severity in SEVERITIES):
            continue
        change = sum(
            (
                find_errors(clean.labels, by_key[name, severity]) - before
                for severity in SEVERITIES
            ),
            start=np.zeros(len(before)),
        )
        summed = counts @ draws.sum_by_patient(change[:, None])
        added[name] = (summed / slices)[:, 0]
    return added


def _percent(
    own: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    known = other >= SMALLEST_REFERENCE
    return np.divide(100 * own, other, out=np.full(len(own), np.nan), where=known)


def _blank(
    clean: CleanScores, *, reference: str, reason: str, left_out: tuple[str, ...] = ()
) -> RelativeError:
    mean = summarize([blank_samples(MEAN, clean, reason)], clean.draws)[MEAN]
    return RelativeError(
        reference=reference, per_artifact=(), mean=mean, left_out=left_out
    )
