"""Simple methods on the folds of a protocol, averaged over its repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.estimation.bootstrap import MetricSamples, summarize
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.comparison import BaselineScores
from tumorscope.evaluation.protocol_benefit import RepeatedRival
from tumorscope.evaluation.repeats import average_figures, with_scores

BASELINE_FIGURES = (
    "auroc",
    "position_matched_auroc",
    "sensitivity_at_95_specificity",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolBaseline:
    """A simple method on the same folds, with the same draws.

    Attributes:
        name: Name of the method, e.g. "position".
        description: What the method looks at.
        figures: AUROC, position-matched AUROC, sensitivity at 95 % specificity.
        difference: AUROC of the model minus that of the method, paired by draw.
    """

    name: str
    description: str
    figures: MetricSet
    difference: MetricEstimate


def measure_protocol_baselines(
    tables: Sequence[pd.DataFrame],
    methods: Sequence[Sequence[BaselineScores]],
    draws: PatientDraws,
) -> tuple[ProtocolBaseline, ...]:
    """Put simple methods beside the model, paired by draw.

    Args:
        tables: Aligned repeats.
        methods: For each method its scores in each repeat, in the order of the tables.
        draws: Draws of their patients, used for all of them.

    Raises:
        DataError: If a method without a reason has not one finite score for each slice.
    """
    (model,) = average_figures(tables, draws, ["auroc"])
    return tuple(_measure_baseline(scores, tables, model, draws) for scores in methods)


def best_repeated_rival(
    methods: Sequence[Sequence[BaselineScores]], found: Sequence[ProtocolBaseline]
) -> RepeatedRival | None:
    """Return the simple method with the highest AUROC whose scores are probabilities.

    It is chosen on the very slices that are judged, which favors it.

    Args:
        methods: As for `measure_protocol_baselines`.
        found: What that returned.

    Returns:
        The method, or None where none can be assessed or gives probabilities.
    """
    able = [
        (
            result.figures["auroc"].value,
            result.name,
            np.stack([s.scores for s in scores]),
        )
        for scores, result in zip(methods, found, strict=True)
        if not result.figures["auroc"].reason
    ]
    able = [each for each in able if each[2].min() >= 0 and each[2].max() <= 1]
    if not able:
        return None
    _, name, probabilities = max(able, key=lambda each: each[0])
    return RepeatedRival(name=name, probabilities=probabilities)


def _measure_baseline(
    scores: Sequence[BaselineScores],
    tables: Sequence[pd.DataFrame],
    model: MetricSamples,
    draws: PatientDraws,
) -> ProtocolBaseline:
    first = scores[0]
    reasons = [each.reason for each in scores if each.reason]
    if reasons:
        blank = replace(
            model, values=np.full_like(model.values, np.nan), reason=reasons[0]
        )
        samples = [replace(blank, name=name) for name in BASELINE_FIGURES]
    else:
        scored = [
            with_scores(table, _checked(each, table))
            for table, each in zip(tables, scores, strict=True)
        ]
        samples = average_figures(scored, draws, BASELINE_FIGURES)
    difference = replace(
        samples[0],
        name="difference",
        values=model.values - samples[0].values,
        is_share=False,
    )
    return ProtocolBaseline(
        name=first.name,
        description=first.description,
        figures=summarize(samples, draws),
        difference=summarize([difference], draws)["difference"],
    )


def _checked(baseline: BaselineScores, table: pd.DataFrame) -> NDArray[np.float64]:
    if len(baseline.scores) != len(table) or np.isnan(baseline.scores).any():
        raise DataError(
            f"baseline {baseline.name!r}: one score is needed for each of the "
            f"{len(table)} tested slices"
        )
    return baseline.scores
