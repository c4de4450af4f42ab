"""The confidence cut, fixed on the tuning part."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import LogitCalibration, calibrate, confidence
from tumorscope.evaluation.referral import fix_referral
from tumorscope.evaluation.tuning_scores import TuningScores

RAW = LogitCalibration()


def _tuning(logit):
    return TuningScores.from_owners(
        np.array(logit, dtype=float), [0] * len(logit), np.arange(len(logit)) // 2
    )


def _fix(logit, target_coverage):
    return fix_referral(
        _tuning(logit), RAW, target_coverage=target_coverage, refer_when="either"
    )


@pytest.mark.parametrize("coverage", [0.1, 0.5, 0.75, 0.9])
def test_the_wanted_share_is_decided(coverage):
    """Of 40 tuning slices, the wanted share reaches the cut, and no slice more."""
    logit = np.random.default_rng(0).normal(size=40)

    rule = _fix(logit, coverage)

    reached = confidence(calibrate(logit, RAW)) >= rule.confidence_cut
    assert reached.sum() == np.ceil(40 * coverage)
    assert (rule.tune_slices, rule.tune_patients) == (40, 20)


def test_cut_lies_halfway_between_two_confidences():
    """It does not hang on one slice's own score."""
    rule = _fix([0.0, np.log(3)], 0.5)  # confidences 0.5 and 0.75

    assert rule.confidence_cut == pytest.approx(0.625)


def test_full_coverage_decides_all():
    """Nothing is referred for want of confidence, on the tuning part or elsewhere."""
    assert _fix([0.0, 1.0], 1.0).confidence_cut == 0


def test_tied_confidences_are_decided_together():
    """A tie at the cut is decided: never fewer than wanted."""
    rule = _fix([1.0, -1.0, 1.0, 0.0], 0.5)

    assert (confidence(calibrate(np.array([1.0]), RAW)) >= rule.confidence_cut).all()
