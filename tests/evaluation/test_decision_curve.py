"""Net benefit."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.decision_curve import (
    DECISION_THRESHOLDS,
    Rival,
    measure_decision_curve,
)

SPEC = EvaluateSpec(bootstrap_draws=200)


def _draws(groups):
    groups = pd.Series(groups, dtype="str")
    sites = pd.Series([None] * len(groups), dtype="str")
    return draw_patients(groups, sites, SPEC, grouping="patient")


@pytest.fixture
def cohort():
    """Return labels, a good score, a blind score and draws of 20 patients."""
    rng = np.random.default_rng(0)
    labels = (rng.random(600) < 0.3).astype(np.int64)
    good = np.clip(0.3 + 0.4 * (labels - 0.3) + rng.normal(0, 0.15, 600), 0, 1)
    return labels, good, rng.random(600), _draws(np.arange(600) // 30)


def test_thresholds_are_those_of_the_definition():
    """0.05, 0.10, ..., 0.50, without rounding noise."""
    told = [str(threshold) for threshold in DECISION_THRESHOLDS]

    assert " ".join(told) == "0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.45 0.5"


def test_net_benefit_by_hand():
    """At 0.2 of 4 slices: TP 1/4 - FP 1/4 * 0.25; calling all: 2/4 - 2/4 * 0.25."""
    curve = measure_decision_curve(
        np.array([1, 1, 0, 0]), np.array([0.9, 0.2, 0.3, 0.1]), _draws(list("abcd"))
    )

    point = curve.points[3]
    assert point.threshold_probability == 0.2
    assert point.model.value == pytest.approx(1 / 4 - 1 / 16)
    assert point.treat_all.value == pytest.approx(1 / 2 - 1 / 8)
    assert point.over_all.value == pytest.approx(1 / 4 - 1 / 16 - 1 / 2 + 1 / 8)
    assert point.rival is None
    assert point.over_rival is None
    assert curve.rival == ""


def test_gains_are_differences_and_a_good_score_gains(cohort):
    """Model minus alternative, with intervals of the paired difference."""
    labels, good, blind, draws = cohort

    curve = measure_decision_curve(
        labels, good, draws, Rival(name="blind", probabilities=blind)
    )

    assert curve.rival == "blind"
    for point in curve.points:
        assert point.over_all.value == pytest.approx(
            point.model.value - point.treat_all.value
        )
        assert point.over_rival.value == pytest.approx(
            point.model.value - point.rival.value
        )
    last = curve.points[-1]
    assert last.over_all.low > 0
    assert last.over_rival.low > 0
    assert last.model.n_slices == 600


def test_a_score_beside_itself_gains_nothing(cohort):
    """Pairing by draw leaves no noise: the difference is zero without width."""
    labels, good, _, draws = cohort

    curve = measure_decision_curve(
        labels, good, draws, Rival(name="same", probabilities=good)
    )

    assert {
        (point.over_rival.low, point.over_rival.value, point.over_rival.high)
        for point in curve.points
    } == {(0.0, 0.0, 0.0)}


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_still_has_a_net_benefit(label):
    """Only hits, or only false alarms, are counted."""
    curve = measure_decision_curve(
        np.full(4, label), np.full(4, 0.9), _draws(list("aabb"))
    )

    expected = 1.0 if label else -1.0
    assert curve.points[-1].model.value == pytest.approx(expected)
    assert curve.points[-1].over_all.value == 0


def test_one_patient_has_a_reason():
    """An interval needs two patients."""
    curve = measure_decision_curve(
        np.array([0, 1]), np.array([0.1, 0.9]), _draws(list("aa"))
    )

    assert all("at least two" in point.model.reason for point in curve.points)
