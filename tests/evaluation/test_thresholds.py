"""The operating threshold, fixed on the tuning part."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import LogitCalibration, OperatingTarget
from tumorscope.domain.errors import DataError
from tumorscope.evaluation.thresholds import fix_threshold, threshold_logit
from tumorscope.evaluation.tuning_scores import TuningScores

RAW = LogitCalibration()


def _specificity(value):
    return OperatingTarget(rate="specificity", value=value)


def _sensitivity(value):
    return OperatingTarget(rate="sensitivity", value=value)


def _clustered(patients, *, slices=25, seed=0, between=1.0):
    """Return tumor-free slices whose patients differ; mean 0, within-patient sd 1."""
    rng = np.random.default_rng(seed)
    logit = np.repeat(between * rng.normal(size=patients), slices)
    logit = logit + rng.normal(size=len(logit))
    owners = np.repeat(np.arange(patients), slices)
    return TuningScores.from_owners(logit, np.zeros(len(logit)), owners)


def test_threshold_lies_halfway_to_the_next_score():
    """Of ten scores one may be above 0.9: between the second highest and the highest."""
    assert threshold_logit(np.arange(10.0), _specificity(0.9)) == 8.5


def test_threshold_for_a_sensitivity_stays_below_the_slices_it_needs():
    """Of ten scores nine must be above 0.9: between the lowest and the next."""
    assert threshold_logit(np.arange(10.0), _sensitivity(0.9)) == 0.5
    assert threshold_logit(np.arange(10.0), _sensitivity(0.999)) < 0


@pytest.mark.parametrize("target", [0.05, 0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("seed", range(3))
def test_target_holds_at_the_threshold_and_fails_one_score_further(target, seed):
    """No smaller specificity, and no smaller sensitivity, than was asked for."""
    scores = np.round(np.random.default_rng(seed).normal(size=40), 1)

    upper = threshold_logit(scores, _specificity(target))
    lower = threshold_logit(scores, _sensitivity(target))

    below, above = scores[scores <= upper].max(), scores[scores > lower].min()
    assert (scores <= upper).mean() >= target - 1e-9
    assert (scores <= below - 1e-6).mean() < target
    assert (scores > lower).mean() >= target - 1e-9
    assert (scores > above).mean() < target


def test_tied_scores_never_miss_the_target():
    """Three slices tie at the top: none may be above, so the tie is the threshold."""
    scores = np.array([0.1] * 17 + [0.7] * 3)

    assert threshold_logit(scores, _specificity(0.95)) == 0.7
    assert threshold_logit(-scores, _sensitivity(0.95)) < -0.7


def test_threshold_is_a_calibrated_probability_with_its_n():
    """The card holds value, target, slices and patients of the class that counts."""
    tuning = TuningScores.from_owners(
        np.array([-2.0, 0.0, 5.0]), [0, 0, 1], np.array(["a", "b", "c"])
    )
    line = LogitCalibration(method="platt", slope=2.0, intercept=-np.log(3))

    found = fix_threshold(tuning, line, _specificity(0.5))

    assert found.threshold_probability == pytest.approx(
        1 / (1 + 3 * np.exp(2))  # halfway between -2 and 0
    )
    assert found.target == _specificity(0.5)
    assert found.target_sensitivity is None
    assert (found.tune_slices, found.tune_patients) == (2, 2)
    assert found.left_out_rate is None


def test_a_sensitivity_counts_tumor_slices():
    """The other class has no say."""
    tuning = TuningScores.from_owners(
        np.array([-2.0, 0.0, 5.0]), [1, 1, 0], np.array(["a", "b", "c"])
    )

    found = fix_threshold(tuning, RAW, _sensitivity(0.5))

    assert found.threshold_probability == pytest.approx(1 / (1 + np.e))
    assert found.target_sensitivity == 0.5
    assert found.tune_slices == 2


def test_left_out_rate_is_that_of_patients_who_fixed_nothing():
    """Hand-computed: the patient at 9 is above any threshold fixed on the others."""
    tuning = TuningScores.from_owners(
        np.array([0.0, 1.0, 9.0]), [0, 0, 0], np.array(["a", "b", "c"])
    )

    found = fix_threshold(tuning, RAW, _specificity(0.9))

    assert found.left_out_rate == pytest.approx(2 / 3)


@pytest.mark.parametrize("rate", ["specificity", "sensitivity"])
def test_a_margin_moves_the_threshold_to_the_safe_side(rate):
    """More confidence, more margin; none at 0.5."""
    tuning = _clustered(8)
    tuning = TuningScores.from_owners(
        tuning.logit, np.full(len(tuning.logit), rate == "sensitivity"), tuning.patient
    )

    found = [
        fix_threshold(
            tuning,
            RAW,
            OperatingTarget(rate=rate, value=0.9),
            carry_over_confidence=confidence,
        ).threshold_probability
        for confidence in (0.5, 0.8, 0.95)
    ]

    assert sorted(found, reverse=rate == "sensitivity") == found
    assert len(set(found)) == 3


@pytest.mark.slow
def test_a_margin_carries_the_target_over_to_new_patients():
    """Patients drawn anew: reached in most draws with a margin, in half without."""
    everyone = np.random.default_rng(1).normal(size=(4000, 1))
    everyone = everyone + np.random.default_rng(2).normal(size=(4000, 25))

    def reached(confidence):
        kept = [
            fix_threshold(
                _clustered(12, seed=seed),
                RAW,
                _specificity(0.9),
                carry_over_confidence=confidence,
            ).threshold_probability
            for seed in range(30)
        ]
        logit = np.log(np.array(kept) / (1 - np.array(kept)))
        return np.mean([(everyone <= one).mean() >= 0.9 for one in logit])

    assert 0.25 < reached(0.5) < 0.7
    assert reached(0.9) > 0.75


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (_specificity(0.95), "is free of tumor"),
        (_sensitivity(0.95), "is with tumor"),
    ],
)
def test_a_missing_class_is_an_error(target, message):
    """No specificity without tumor-free slices, no sensitivity without tumor slices."""
    label = [int(target.rate == "specificity")] * 2
    tuning = TuningScores.from_owners(np.array([0.3, 0.2]), label, np.array([0, 1]))

    with pytest.raises(DataError, match=f"none of the 2 tuning slices {message}"):
        fix_threshold(tuning, RAW, target)


def test_a_margin_needs_two_patients():
    """One patient says nothing about how patients differ."""
    tuning = TuningScores.from_owners(np.zeros(3), [0, 0, 0], np.array([0, 0, 0]))

    assert fix_threshold(tuning, RAW, _specificity(0.9)).threshold_probability == 0.5
    with pytest.raises(DataError, match="at least two"):
        fix_threshold(tuning, RAW, _specificity(0.9), carry_over_confidence=0.9)
