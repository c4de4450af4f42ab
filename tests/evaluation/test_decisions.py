"""What is above a threshold, in the set and in every draw."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.decisions import (
    estimate_above,
    measure_ranked,
    ranked_decision,
    replicated_quantile,
    sample_above,
    tuned_decision,
)

SPEC = EvaluateSpec(bootstrap_draws=150)


def _draws(groups):
    groups = pd.Series(groups, dtype="str")
    sites = pd.Series([None] * len(groups), dtype="str")
    return draw_patients(groups, sites, SPEC, grouping="patient")


def _copied(values, draws, row):
    """Return the values of slices copied as often as their patient was drawn."""
    return np.repeat(values, draws.counts[row][draws.patient_of_slice].astype(int))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.95, 1.0])
def test_weighted_quantile_is_numpys_quantile_of_the_copied_values(share):
    """A value that counts three times is three values."""
    rng = np.random.default_rng(0)
    values = np.sort(rng.integers(0, 6, 12).astype(float))
    weights = rng.integers(0, 4, (40, 12)).astype(float)

    found = replicated_quantile(values, weights, share)

    expected = [
        np.quantile(np.repeat(values, row.astype(int)), share) for row in weights
    ]
    np.testing.assert_allclose(found, expected)


def test_quantile_of_nothing_is_not_a_number():
    """Weights of zero, or no values at all, leave no quantile."""
    assert np.isnan(replicated_quantile(np.array([1.0]), np.zeros((1, 1)), 0.5)).all()
    assert np.isnan(replicated_quantile(np.zeros(0), np.zeros((2, 0)), 0.5)).all()


def test_t95_is_the_quantile_of_tumor_free_slices_in_every_draw():
    """Each draw has its own t95, and a share of slices strictly above it."""
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(9), 8)
    labels = rng.integers(0, 2, 72)
    scores = np.round(rng.random(72), 1)  # many ties
    draws = _draws(patients)

    decision = ranked_decision(labels, scores, draws)
    above = sample_above(decision, labels == 1, draws)

    for row in range(len(draws.counts)):
        free = _copied(scores[labels == 0], _draws_of(draws, labels == 0), row)
        tumor = _copied(scores[labels == 1], _draws_of(draws, labels == 1), row)
        assert decision.cuts[row] == pytest.approx(np.quantile(free, 0.95))
        assert above[row] == pytest.approx((tumor > decision.cuts[row]).mean())


def _draws_of(draws, chosen):
    return replace(draws, patient_of_slice=draws.patient_of_slice[chosen])


def test_ranked_point_by_hand():
    """Free 0.00 ... 0.19: t95 = 0.1805; two of four tumor slices lie above it."""
    labels = np.array([0] * 20 + [1] * 4)
    scores = np.array([step / 100 for step in range(20)] + [0.1, 0.18, 0.19, 0.9])
    draws = _draws([str(number % 6) for number in range(24)])

    point = measure_ranked(labels, ranked_decision(labels, scores, draws), draws)

    assert point.threshold_probability == pytest.approx(0.1805)
    assert point.sensitivity.value == 0.5
    assert point.specificity.value == 0.95
    assert point.sensitivity.low < 0.5 < point.sensitivity.high
    assert (point.sensitivity.n_slices, point.specificity.n_slices) == (4, 20)


def test_an_interval_with_t95_held_fixed_is_another_one():
    """The uncertainty of t95 enters: its cut moves from draw to draw."""
    rng = np.random.default_rng(2)
    patients = np.repeat(np.arange(15), 10)
    labels = np.tile([0, 1], 75)
    scores = labels + rng.normal(size=15)[patients] + rng.normal(size=150)
    draws = _draws(patients)

    decision = ranked_decision(labels, scores, draws)

    assert len(np.unique(decision.cuts)) > 20


def test_tuned_decision_is_strictly_above_each_rows_own_threshold(simulate):
    """A score equal to its threshold is not above it, whatever the rounding."""
    table = simulate(tumor_probability=0.4).table
    draws = _draws(table["group"])

    decision = tuned_decision(table, draws)
    above = sample_above(decision, np.ones(len(table), dtype=bool), draws)

    assert above[0] == 0
    lower = simulate(tumor_probability=0.4, threshold_probability=0.3).table
    assert sample_above(
        tuned_decision(lower, draws), np.ones(len(table), dtype=bool), draws
    )[0] == pytest.approx(1)


def test_missing_threshold_is_the_reason(simulate):
    """Without a threshold there is no decision, and no share above it."""
    table = simulate(threshold_probability=np.nan).table
    draws = _draws(table["group"])

    figure = estimate_above(
        tuned_decision(table, draws),
        np.ones(len(table), dtype=bool),
        draws,
        name="share",
        reason="no slice",
    )

    assert figure.reason == "144 of 144 slices have no threshold"


@pytest.mark.parametrize(
    ("label", "reason"), [(0, "no tumor slice"), (1, "no tumor-free slice")]
)
def test_one_class_has_no_sensitivity_at_95_specificity(label, reason):
    """The class that is missing is named."""
    labels = np.full(6, label)
    draws = _draws(list("aabbcc"))

    point = measure_ranked(
        labels, ranked_decision(labels, np.linspace(0, 1, 6), draws), draws
    )

    assert point.sensitivity.reason == reason
