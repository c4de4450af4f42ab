"""Honest figures: every one with its interval over patients and its n."""

from tumorscope.estimation.bootstrap import MetricSet
from tumorscope.evaluation.comparison import (
    BaselineResult,
    BaselineScores,
    compare_baselines,
)
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.report import (
    EvaluationReport,
    beside_baselines,
    evaluate_predictions,
)
from tumorscope.evaluation.tuned_rules import TunedRules, fix_rules
from tumorscope.evaluation.tuning_scores import TuningScores

__all__ = [
    "BaselineResult",
    "BaselineScores",
    "EvaluationReport",
    "MetricSet",
    "TunedRules",
    "TuningScores",
    "beside_baselines",
    "compare_baselines",
    "evaluate_predictions",
    "evaluated_rows",
    "fix_rules",
]
