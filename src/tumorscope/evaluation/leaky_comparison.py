"""What a split of single slices would have shown: for comparison, never as a result.

One simple method, the label of the most similar training slice, is tested twice: with the
folds in use, and with slices dealt at random, so that neighbors of a tested slice stand
in the training part. The gap is what a leak is worth on these data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    sample_ranking,
    sample_ratios,
    summarize,
)
from tumorscope.estimation.metrics import rank_slices, threshold_terms
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.baselines import BASELINES, Fold, score_baselines
from tumorscope.evaluation.repeats import average_samples

LEAKY_LABEL = "leaky, for comparison"
METHOD = "nearest_neighbor"
ACCURACY_CUT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyFigure:
    """One figure of the simple method under both ways of dealing.

    Attributes:
        name: "auroc" or "accuracy".
        grouped: With the folds in use.
        leaky: With slices dealt at random.
        gap: Leaky minus grouped, paired by draw.
    """

    name: str
    grouped: MetricEstimate
    leaky: MetricEstimate
    gap: MetricEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyComparison:
    """The simple method under both ways of dealing.

    Attributes:
        label: How the leaky column is named wherever it is shown.
        method: What the simple method looks at.
        figures: AUROC, then accuracy.
    """

    label: str
    method: str
    figures: tuple[LeakyFigure, ...]


def compare_with_leak(
    features: BaselineFeatures,
    labels: NDArray[np.int64],
    repeats: Sequence[Sequence[Fold]],
    draws: PatientDraws,
    *,
    seed: int,
) -> LeakyComparison:
    """Test the nearest neighbor with the folds in use and with slices dealt at random.

    Args:
        features: Features of all slices.
        labels: Shape (slices,), 0 or 1.
        repeats: The folds of each repeat: training rows and test rows; together the
            folds of a repeat test every slice once.
        draws: Draws of the patients of all slices, in their order.
        seed: Seed of the first repeat's random dealing; repeat k takes seed + k.

    Returns:
        AUROC and accuracy (share of slices with the right label), averaged over repeats
        inside each draw.

    Raises:
        DataError: If a fold's training rows are of one class, a class has fewer slices
            than there are folds, or a repeat leaves slices untested.
    """
    methods = [each for each in BASELINES if each.name == METHOD]
    grouped: list[list[MetricSamples]] = []
    leaky: list[list[MetricSamples]] = []
    for number, folds in enumerate(repeats):
        dealt = _deal_slices(labels, count=max(2, len(folds)), seed=seed + number)
        for used, found in ((folds, grouped), (dealt, leaky)):
            (scored,) = score_baselines(features, labels, used, methods=methods)
            if np.isnan(scored.scores).any():
                raise DataError("the folds of a repeat must test every slice once")
            found.append(_sample(labels, scored.scores, draws))
    return LeakyComparison(
        label=LEAKY_LABEL,
        method=methods[0].description,
        figures=tuple(
            _figure(one, other, draws)
            for one, other in zip(
                average_samples(grouped), average_samples(leaky), strict=True
            )
        ),
    )


def _deal_slices(labels: NDArray[np.int64], *, count: int, seed: int) -> list[Fold]:
    fewest = int(np.bincount(labels, minlength=2).min())
    if fewest < count:
        raise DataError(
            f"the leaky comparison deals slices to {count} folds, but one class has "
            f"{fewest} slices: ask for fewer folds"
        )
    splitter = StratifiedKFold(n_splits=count, shuffle=True, random_state=seed)
    return list(splitter.split(labels, labels))


def _sample(
    labels: NDArray[np.int64], scores: NDArray[np.float64], draws: PatientDraws
) -> list[MetricSamples]:
    area, _ = sample_ranking(rank_slices(labels, scores), draws)
    terms = threshold_terms(labels, scores > ACCURACY_CUT)
    reasons = dict.fromkeys(terms.names, "no slices")
    by_name = {
        each.name: each
        for each in sample_ratios(terms, draws, reasons=reasons, shares=terms.names)
    }
    every = np.ones(len(labels), dtype=bool)
    return [
        MetricSamples(
            name="auroc",
            values=area,
            entered=every,
            reason="slices of both classes are needed",
            is_share=True,
        ),
        by_name["accuracy"],
    ]


def _figure(
    grouped: MetricSamples, leaky: MetricSamples, draws: PatientDraws
) -> LeakyFigure:
    gap = replace(
        grouped, name="gap", values=leaky.values - grouped.values, is_share=False
    )
    found = summarize(
        [replace(grouped, name="grouped"), replace(leaky, name="leaky"), gap], draws
    )
    return LeakyFigure(
        name=grouped.name,
        grouped=found["grouped"],
        leaky=found["leaky"],
        gap=found["gap"],
    )
