"""Figures of one corruption, on the set as it is and on every draw of patients.

Clean and corrupted scores share the draws, so that their differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.calibration import confidence
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    sample_ranking,
    sample_ratios,
)
from tumorscope.estimation.metrics import RatioTerms, rank_slices
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import (
    NO_TUMOR,
    NO_TUMOR_FREE,
    Decision,
    ranked_decision,
    sample_above,
)
from tumorscope.evaluation.measurement import FIXED_THRESHOLD, ONE_CLASS
from tumorscope.evaluation.robustness.scores import CorruptedScores

NO_NEW_ERROR = "no slice that was right when clean is wrong"
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanScores:
    """What every corruption is compared with.

    Attributes:
        labels: Shape (slices,), 0 or 1.
        draws: Draws of patients.
        auroc: AUROC of the clean scores.
        decision: The decision at the clean t95, with a t95 for each draw.
        is_wrong: Shape (slices,), bool, whether (p > 0.5) differs from the label.
        confidence_cut: Smallest confidence that is decided at the clean coverage.
    """

    labels: NDArray[np.int64]
    draws: PatientDraws
    auroc: MetricSamples
    decision: Decision
    is_wrong: NDArray[np.bool_]
    confidence_cut: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewErrors:
    """Slices that were right when clean and are wrong when corrupted.

    Attributes:
        is_new: Shape (slices,), bool.
        is_abstained: Shape (slices,), bool, whether the confidence of the corrupted slice
            is below the clean cut; also of slices that are no new error.
    """

    is_new: NDArray[np.bool_]
    is_abstained: NDArray[np.bool_]


def sample_clean(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    draws: PatientDraws,
    *,
    coverage: float,
) -> CleanScores:
    """Prepare what every corruption is compared with.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), clean tumor_probability.
        draws: Draws of patients.
        coverage: Share of the clean slices that is decided, in (0, 1).
    """
    falling = np.sort(confidence(probabilities))[::-1]
    decided = math.floor(coverage * len(falling) + ROUNDING)
    return CleanScores(
        labels=labels,
        draws=draws,
        auroc=sample_auroc(labels, probabilities, draws),
        decision=ranked_decision(labels, probabilities, draws),
        is_wrong=find_errors(labels, probabilities),
        confidence_cut=float(falling[max(decided, 1) - 1]),
    )


def sample_corruption(
    clean: CleanScores, corrupted: CorruptedScores
) -> Mapping[str, MetricSamples]:
    """Compute the figures of one corruption.

    Args:
        clean: What it is compared with.
        corrupted: Scores after the corruption.

    Returns:
        By name: auroc; auroc_drop (clean minus corrupted); sensitivity_lost and
        false_positives_gained at the clean t95; error, abstained, new_errors (shares of
        all slices); new_errors_abstained (share of the new errors).
    """
    area = sample_auroc(clean.labels, corrupted.probabilities, clean.draws)
    lost = _sample_above_change(clean, corrupted, label=1)
    samples = [
        area,
        replace(
            area,
            name="auroc_drop",
            values=clean.auroc.values - area.values,
            is_share=False,
        ),
        replace(lost, name="sensitivity_lost", values=-lost.values),
        replace(
            _sample_above_change(clean, corrupted, label=0),
            name="false_positives_gained",
        ),
        *_sample_errors(clean, corrupted),
    ]
    return {one.name: one for one in samples}


def find_new_errors(clean: CleanScores, corrupted: CorruptedScores) -> NewErrors:
    """Mark slices that the corruption made wrong, and slices that are abstained on."""
    wrong = find_errors(clean.labels, corrupted.probabilities)
    sure = confidence(corrupted.probabilities) >= clean.confidence_cut
    return NewErrors(is_new=wrong & ~clean.is_wrong, is_abstained=~sure)


def find_errors(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark slices of which (p > 0.5) differs from the label; shape (slices,)."""
    return (probabilities > FIXED_THRESHOLD) != (labels == 1)


def sample_auroc(
    labels: NDArray[np.int64], scores: NDArray[np.float64], draws: PatientDraws
) -> MetricSamples:
    """Compute the AUROC over all slices on the set and on every draw."""
    area, _ = sample_ranking(rank_slices(labels, scores), draws)
    return MetricSamples(
        name="auroc",
        values=area,
        entered=np.ones(len(labels), dtype=bool),
        reason=ONE_CLASS,
        is_share=True,
    )


def _sample_above_change(
    clean: CleanScores, corrupted: CorruptedScores, *, label: int
) -> MetricSamples:
    """Return by how much the share above the clean t95 rises among one class."""
    moved = replace(clean.decision, margins=corrupted.probabilities)
    entered = clean.labels == label
    before, after = (
        sample_above(decision, entered, clean.draws)
        for decision in (clean.decision, moved)
    )
    reason = NO_TUMOR if label else NO_TUMOR_FREE
    return MetricSamples(
        name="above",
        values=after - before,
        entered=entered,
        reason=clean.decision.reason or reason,
    )


def _sample_errors(
    clean: CleanScores, corrupted: CorruptedScores
) -> list[MetricSamples]:
    found = find_new_errors(clean, corrupted)
    every = np.ones(len(clean.labels), dtype=bool)
    pairs = {
        "error": (find_errors(clean.labels, corrupted.probabilities), every),
        "abstained": (found.is_abstained, every),
        "new_errors": (found.is_new, every),
        "new_errors_abstained": (found.is_new & found.is_abstained, found.is_new),
    }
    terms = RatioTerms(
        names=tuple(pairs),
        numerator=np.stack([one for one, _ in pairs.values()], axis=1).astype(float),
        denominator=np.stack([one for _, one in pairs.values()], axis=1).astype(float),
    )
    reasons = dict.fromkeys(pairs, "no slices")
    reasons["new_errors_abstained"] = NO_NEW_ERROR
    return sample_ratios(terms, clean.draws, reasons=reasons, shares=terms.names)
