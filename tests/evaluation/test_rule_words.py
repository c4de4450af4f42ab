"""Rules of a card in sentences."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    LogitCalibration,
    ReferralRule,
    decide,
)
from tumorscope.domain.card import OperatingThreshold
from tumorscope.evaluation.rule_words import (
    NO_LEVEL,
    describe_calibration,
    describe_referral,
    describe_sets,
    describe_threshold,
    prevalence_note,
    promise_reason,
    referral_reasons,
    unit_of,
)

PROMISED = ConformalLevel(level=6 / 7, largest_score=(0.6, 0.6))
LACKING = ConformalLevel(level=0.95, largest_score=(None, None))
SETS = ConformalSets(
    patients=(6, 6), slices=(90, 30), levels=(LACKING,), deciding=PROMISED
)


def test_threshold_tells_target_basis_and_what_others_reach():
    """Value, target, n, margin and the left-out rate stand in one sentence."""
    words = describe_threshold(
        OperatingThreshold(
            threshold_probability=0.4407,
            target_sensitivity=0.9,
            carry_over_confidence=0.8,
            left_out_rate=0.871,
            tune_slices=97,
            tune_patients=8,
        ),
        "patients",
    )

    assert "threshold_probability 0.441, fixed for a sensitivity of 0.9" in words
    assert "97 tumor tuning slices of 8 patients" in words
    assert "margin of 0.8 confidence" in words
    assert "0.87 is reached" in words


def test_calibration_tells_its_numbers():
    """Temperature, or slope and intercept, or that there is none."""
    fitted = {
        "tune_slices": 9,
        "tune_patients": 3,
        "log_loss_raw": 0.7,
        "log_loss_left_out": 0.5,
    }

    none = describe_calibration(LogitCalibration(), "patients")
    one = describe_calibration(
        LogitCalibration(method="temperature", slope=0.5, **fitted), "patients"
    )
    two = describe_calibration(
        LogitCalibration(method="platt", slope=0.5, intercept=-1, **fitted), "patients"
    )

    assert "no calibration" in none
    assert "temperature 2.00) on 9 tuning slices of 3 patients" in one
    assert "log loss 0.700 raw, 0.500 calibrated by other patients" in one
    assert "slope 0.50, intercept -1.00" in two


def test_sets_tell_what_cannot_be_promised():
    """Six patients promise 85.7 %, and 95 % would need 19."""
    words = describe_sets(SETS, "patients")

    assert "at least 85.7 %" in words
    assert (
        "cannot be promised at 95 %: needs 19 tuning patients of each label, has 6"
        in words
    )
    assert promise_reason(LACKING, SETS) in words
    assert promise_reason(PROMISED, SETS) == ""
    assert describe_sets(ConformalSets(), "patients") == NO_LEVEL


@pytest.mark.parametrize(
    ("refer_when", "expected"),
    [
        ("never", "no slice is referred"),
        ("set", "set of possible labels"),
        ("confidence", "confidence is below 0.700"),
    ],
)
def test_referral_tells_its_grounds(refer_when, expected):
    """Only grounds that count are named."""
    rule = ReferralRule(
        refer_when=refer_when, confidence_cut=0.7, target_coverage=0.9, tune_slices=50
    )

    assert expected in describe_referral(rule)


def test_reasons_are_those_that_the_rule_counts(make_card):
    """Each referred slice has a reason, a decided one has none."""
    probability = np.array([0.5, 0.9, 0.65])
    found = {}
    for refer_when in ("either", "set", "confidence", "never"):
        card = make_card(
            conformal=SETS,
            referral=ReferralRule(refer_when=refer_when, confidence_cut=0.7),
        )
        decisions = decide(
            probability,
            threshold_probability=0.7,
            conformal=card.conformal,
            referral=card.referral,
        )
        reasons = [
            list(referral_reasons(decisions, card, number)) for number in range(3)
        ]
        assert [bool(one) for one in reasons] == decisions.is_referred.tolist()
        found[refer_when] = reasons

    assert found["either"] == [
        ["both labels stay possible at 85.7 %", "confidence below 0.700"],
        [],
        [
            "the only label possible at 85.7 % is not that of the threshold",
            "confidence below 0.700",
        ],
    ]
    assert found["set"][0] == ["both labels stay possible at 85.7 %"]
    assert found["never"] == [[], [], []]


def test_prevalence_is_told_or_said_to_be_unknown(make_card):
    """A probability holds for a share of tumor slices; without it, that is said."""
    known = make_card()
    unknown = known.model_copy(
        update={"data": known.data.model_copy(update={"prevalence": {}})}
    )

    assert "about 25 % of the slices" in prevalence_note(known)
    assert "is not known" in prevalence_note(unknown)


def test_groups_are_not_called_patients(make_card):
    """Near-duplicate groups keep their name."""
    assert unit_of(make_card()) == "patients"
    assert unit_of(make_card(grouping="near-duplicates")) == "near-duplicate groups"
