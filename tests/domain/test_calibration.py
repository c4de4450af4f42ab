"""From a logit to a probability and a decision, by rules that are given."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tumorscope.domain.calibration import (
    ConformalLevel,
    ConformalSets,
    LogitCalibration,
    OperatingTarget,
    ReferralRule,
    calibrate,
    confidence,
    decide,
    possible_labels,
)


def _sets(no_tumor: float | None, tumor: float | None) -> ConformalSets:
    level = ConformalLevel(level=0.9, largest_score=(no_tumor, tumor))
    return ConformalSets(
        patients=(20, 20), slices=(40, 40), levels=(level,), deciding=level
    )


def test_no_calibration_is_the_sigmoid_of_the_logit():
    """Hand-computed at 0 and log 3, and without overflow at any logit."""
    found = calibrate(np.array([0.0, np.log(3), 1e6, -1e6]), LogitCalibration())

    np.testing.assert_allclose(found, [0.5, 0.75, 1, 0], atol=1e-12)


def test_calibration_is_a_line_through_the_logits():
    """Slope and intercept do what they say, and the order stays."""
    line = LogitCalibration(method="platt", slope=0.5, intercept=-1.0)

    found = calibrate(np.array([2.0, 2 + 2 * np.log(3)]), line)

    np.testing.assert_allclose(found, [0.5, 0.75])


def test_a_falling_line_is_refused():
    """Calibration never turns the order of slices round."""
    with pytest.raises(ValidationError):
        LogitCalibration(method="temperature", slope=-1.0)


def test_confidence_is_the_larger_probability():
    """Definition A1: max(p, 1 - p)."""
    np.testing.assert_allclose(confidence(np.array([0.2, 0.5, 0.7])), [0.8, 0.5, 0.7])


def test_a_label_stays_while_its_score_is_small_enough():
    """no_tumor leaves above its cut on p, tumor above its cut on 1 - p."""
    level = ConformalLevel(level=0.9, largest_score=(0.3, 0.6))

    found = possible_labels(np.array([0.1, 0.3, 0.35, 0.4, 0.9]), level)

    assert found.tolist() == [
        [True, False],
        [True, False],
        [False, False],
        [False, True],
        [False, True],
    ]


def test_a_label_without_promise_always_stays():
    """Too few patients with tumor: the label is never left out."""
    level = ConformalLevel(level=0.95, largest_score=(0.3, None))

    found = possible_labels(np.array([0.0, 1.0]), level)

    assert not level.is_promised
    assert found.tolist() == [[True, True], [False, True]]


def test_decision_follows_the_threshold_where_nothing_speaks_against_it():
    """Strictly above is above; one label that agrees is no ground for a referral."""
    found = decide(
        np.array([0.1, 0.5, 0.9]),
        threshold_probability=0.5,
        conformal=_sets(0.5, 0.45),
        referral=ReferralRule(refer_when="either", confidence_cut=0.5),
    )

    assert found.is_above.tolist() == [False, False, True]
    assert not found.is_referred.any()


def test_both_labels_or_none_refer():
    """An ambiguous and an empty set have the same end."""
    probability = np.array([0.1, 0.5, 0.9])

    wide = decide(
        probability,
        threshold_probability=0.5,
        conformal=_sets(0.6, 0.6),
        referral=ReferralRule(refer_when="set"),
    )
    narrow = decide(
        probability,
        threshold_probability=0.5,
        conformal=_sets(0.2, 0.2),
        referral=ReferralRule(refer_when="set"),
    )

    assert wide.in_set[1].tolist() == [True, True]
    assert narrow.in_set[1].tolist() == [False, False]
    for found in (wide, narrow):
        assert found.is_ambiguous.tolist() == [False, True, False]
        assert found.is_referred.tolist() == [False, True, False]


def test_a_set_against_the_threshold_refers():
    """tumor is the only label left, yet the score is not above a high threshold."""
    found = decide(
        np.array([0.7]),
        threshold_probability=0.8,
        conformal=_sets(0.3, 0.6),
        referral=ReferralRule(refer_when="set"),
    )

    assert found.is_contradicted.tolist() == [True]
    assert found.is_referred.tolist() == [True]


@pytest.mark.parametrize(
    ("refer_when", "referred"),
    [
        ("either", [True, True, False]),
        ("set", [True, False, False]),
        ("confidence", [False, True, False]),
        ("never", [False, False, False]),
    ],
)
def test_the_rule_says_which_grounds_count(refer_when, referred):
    """The grounds are found in any case; the rule decides which of them refer."""
    found = decide(
        np.array([0.35, 0.25, 0.1]),
        threshold_probability=0.3,
        conformal=_sets(0.3, 0.4),
        referral=ReferralRule(
            refer_when=refer_when, confidence_cut=0.8 if refer_when != "set" else 0.0
        ),
    )

    if refer_when in {"confidence", "either"}:
        referred = [True, True, False]  # 0.65 and 0.75 are below 0.8
    assert found.is_referred.tolist() == referred
    assert found.is_ambiguous.tolist() == [True, False, False]


def test_without_a_deciding_level_sets_refer_nothing():
    """A card from before the sets, or a tuning part of one label, still decides."""
    found = decide(
        np.array([0.4, 0.6]),
        threshold_probability=0.5,
        conformal=ConformalSets(),
        referral=ReferralRule(refer_when="set"),
    )

    assert found.in_set.all()
    assert not found.is_referred.any()


def test_no_slices_are_no_decisions():
    """An empty list stays empty."""
    found = decide(
        np.empty(0),
        threshold_probability=0.5,
        conformal=_sets(0.3, 0.3),
        referral=ReferralRule(),
    )

    assert found.is_referred.shape == (0,)
    assert found.in_set.shape == (0, 2)


def test_the_deciding_level_is_listed_once():
    """A deciding level that was wanted is not repeated, another one is added."""
    wanted = ConformalLevel(level=0.9, largest_score=(0.1, 0.1))
    other = ConformalLevel(level=0.8, largest_score=(0.2, 0.2))

    assert ConformalSets(levels=(wanted,), deciding=wanted).known_levels == (wanted,)
    assert ConformalSets(levels=(wanted,), deciding=other).known_levels == (
        other,
        wanted,
    )


def test_a_target_reads_as_words():
    """Reports and errors print it."""
    target = OperatingTarget(rate="sensitivity", value=0.9)

    assert str(target) == "a sensitivity of 0.9"
