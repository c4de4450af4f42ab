"""All rules in one step."""

from __future__ import annotations

import numpy as np

from tumorscope.domain.calibration import calibrate, decide
from tumorscope.domain.specs import CalibrateSpec, RunSpec
from tumorscope.evaluation.tuned_rules import fix_rules
from tumorscope.evaluation.tuning_scores import TuningScores


def _tuning(patients=24, slices=20):
    rng = np.random.default_rng(0)
    label = (np.arange(patients * slices) % 3 == 0).astype(int)
    logit = 6.0 * label - 3 + 3 * rng.normal(size=len(label))
    return TuningScores.from_owners(
        logit, label, np.repeat(np.arange(patients), slices)
    )


def test_rules_hold_on_the_part_that_fixed_them():
    """Specificity, coverage and levels are those that were asked for."""
    tuning = _tuning()
    spec = RunSpec(
        calibrate=CalibrateSpec(
            target_specificity=0.9, target_coverage=0.8, conformal_levels=(0.9,)
        )
    )

    rules = fix_rules(tuning, spec.calibrate, spec.operating_target)

    probability = calibrate(tuning.logit, rules.calibration)
    found = decide(
        probability,
        threshold_probability=rules.threshold.threshold_probability,
        conformal=rules.conformal,
        referral=rules.referral,
    )
    free = tuning.label == 0
    assert (~found.is_above[free]).mean() >= 0.9
    assert found.is_unsure.mean() <= 0.2
    assert found.in_set[free, 0].mean() >= 0.9
    assert found.in_set[~free, 1].mean() >= 0.9


def test_calibration_changes_no_decision_of_threshold_and_sets():
    """A rising line moves scores and cuts together."""
    tuning = _tuning()
    target = RunSpec().operating_target

    found = []
    for method in ("none", "platt"):
        rules = fix_rules(tuning, CalibrateSpec(method=method), target)
        found.append(
            decide(
                calibrate(tuning.logit, rules.calibration),
                threshold_probability=rules.threshold.threshold_probability,
                conformal=rules.conformal,
                referral=rules.referral,
            )
        )

    assert (found[0].is_above == found[1].is_above).all()
    assert (found[0].in_set == found[1].in_set).all()
