"""Honest figures: every one with its interval over patients and its n."""

from tumorscope.estimation.bootstrap import MetricSet
from tumorscope.evaluation.comparison import (
    BaselineResult,
    BaselineScores,
    compare_baselines,
)
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.report import EvaluationReport, evaluate_predictions
from tumorscope.evaluation.thresholds import (
    threshold_at_specificity,
    with_tuned_thresholds,
)

__all__ = [
    "BaselineResult",
    "BaselineScores",
    "EvaluationReport",
    "MetricSet",
    "compare_baselines",
    "evaluate_predictions",
    "evaluated_rows",
    "threshold_at_specificity",
    "with_tuned_thresholds",
]
