"""A model beside simple methods, on the same slices and the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking, summarize
from tumorscope.estimation.metrics import rank_slices
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.decision_curve import Rival
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.measurement import ONE_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineScores:
    """What a simple method makes of slices.

    Attributes:
        name: Name of the method, e.g. "position".
        description: What the method looks at, in a line for the report.
        scores: Shape (slices,), higher means tumour; NaN for a slice that no fold
            tested, or everywhere if there is a reason.
        reason: Why the method cannot be assessed; empty where it can.
    """

    name: str
    description: str
    scores: NDArray[np.float64]
    reason: str = ""

    def of_rows(self, rows: NDArray[np.int64]) -> BaselineScores:
        """Return the scores of these slices, in this order."""
        return replace(self, scores=self.scores[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineResult:
    """A simple method on the same slices, with the same draws.

    Attributes:
        name: Name of the method, e.g. "position".
        description: What the method looks at, in a line for the report.
        auroc: Its AUROC over slices.
        difference: AUROC of the model minus that of the method, paired by draw.
    """

    name: str
    description: str
    auroc: MetricEstimate
    difference: MetricEstimate


def compare_baselines(
    predictions: Predictions,
    baselines: Sequence[BaselineScores],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> tuple[BaselineResult, ...]:
    """Put simple methods beside the model, paired by draw.

    Args:
        predictions: As for `evaluate_predictions`.
        baselines: Scores of the tested slices, in the order of
            `evaluated_rows(predictions)`.
        spec: Draws, level and seed.
        grouping: What `group` holds.

    Returns:
        One result for each baseline, in the order given; for
        `dataclasses.replace(report, baselines=...)`.

    Raises:
        DataError: If a method without a reason has not one finite score for each tested
            slice.
    """
    table = evaluated_rows(predictions)
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    labels = table["label"].to_numpy(dtype=np.int64)
    scores = table["tumor_probability"].to_numpy(dtype=np.float64)
    model, _ = sample_ranking(rank_slices(labels, scores), draws)
    return tuple(_compare(each, labels, model, draws) for each in baselines)


def best_rival(
    baselines: Sequence[BaselineScores], results: Sequence[BaselineResult]
) -> Rival | None:
    """Return the simple method with the highest AUROC whose scores are probabilities.

    It is chosen on the very slices that are judged, which favors it: a model that is not
    above it could not hide behind a choice made elsewhere.

    Args:
        baselines: Scores of the tested slices.
        results: From `compare_baselines`, in the same order.

    Returns:
        The method, or None where none can be assessed or gives probabilities.
    """
    able = [
        (result.auroc.value, scores)
        for scores, result in zip(baselines, results, strict=True)
        if not result.auroc.reason
        and scores.scores.min() >= 0
        and scores.scores.max() <= 1
    ]
    if not able:
        return None
    _, best = max(able, key=lambda pair: pair[0])
    return Rival(name=best.name, probabilities=best.scores)


def _compare(
    baseline: BaselineScores,
    labels: NDArray[np.int64],
    model: NDArray[np.float64],
    draws: PatientDraws,
) -> BaselineResult:
    floor = np.full_like(model, np.nan)
    if not baseline.reason:
        if baseline.scores.shape != labels.shape or np.isnan(baseline.scores).any():
            raise DataError(
                f"baseline {baseline.name!r}: one score is needed for each of the "
                f"{len(labels)} tested slices; pass the scores of the tested rows only"
            )
        floor, _ = sample_ranking(rank_slices(labels, baseline.scores), draws)
    samples = [
        MetricSamples(
            name=name,
            values=values,
            entered=np.ones(len(labels), dtype=bool),
            reason=baseline.reason or ONE_CLASS,
            is_share=name == "auroc",
        )
        for name, values in (("auroc", floor), ("difference", model - floor))
    ]
    figures = summarize(samples, draws)
    return BaselineResult(
        name=baseline.name,
        description=baseline.description,
        auroc=figures["auroc"],
        difference=figures["difference"],
    )
