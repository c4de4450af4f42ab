"""What features tell of a patient's group."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.fairness.attributes import GroupAttribute
from tumorscope.evaluation.fairness.encoding import (
    ProbeTarget,
    choose_target,
    judge_probe,
    measure_input,
    predict_groups,
)

PATIENTS, SLICES = 20, 12
PATIENT_OF_SLICE = np.repeat(np.arange(PATIENTS), SLICES)
TARGET = ProbeTarget(
    attribute="sex", groups=("F", "M"), group_of_patient=np.arange(PATIENTS) % 2
)
SPEC = FairnessSpec(permutations=1000)


@pytest.fixture
def draws():
    """Return draws of the patients, one row for each."""
    names = pd.Series([f"p{number:02d}" for number in range(PATIENTS)])
    site = pd.Series([None] * PATIENTS, dtype="str")
    spec = EvaluateSpec(bootstrap_draws=100)
    return draw_patients(names, site, spec, grouping="patient")


def _features(signal, *, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(PATIENTS * SLICES, 3))
    features[:, 0] += signal * (PATIENT_OF_SLICE % 2)
    return features


@pytest.mark.slow
def test_a_group_that_features_hold_is_read_from_unseen_patients(draws):
    """Features that differ by six deviations tell the sexes of new patients apart."""
    found = predict_groups(_features(6.0), PATIENT_OF_SLICE, TARGET, seed=0)

    probe = judge_probe([found], TARGET, draws, SPEC, features="network")

    assert found.shape == (PATIENTS, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert probe.auroc.value == 1.0
    assert probe.p == pytest.approx(1 / 1001)
    assert probe.group_sizes == (10, 10)
    assert probe.auroc.n_patients == PATIENTS


@pytest.mark.slow
def test_features_of_a_person_do_not_help_with_another_person(draws):
    """Each patient has features of their own: within patients all is known, between none.

    A probe split by slices would be right every time.
    """
    rng = np.random.default_rng(4)
    own = rng.normal(size=(PATIENTS, 3))[PATIENT_OF_SLICE] * 10
    features = own + rng.normal(size=own.shape) * 0.01

    found = predict_groups(features, PATIENT_OF_SLICE, TARGET, seed=0)
    probe = judge_probe([found], TARGET, draws, SPEC, features="network")

    assert 0.1 < probe.auroc.value < 0.8
    assert probe.p > 0.02


def test_macro_auroc_is_the_mean_over_groups(draws):
    """Three groups with hand-made probabilities: the first is told apart, two are not."""
    codes = np.array([0] * 6 + [1] * 7 + [2] * 7)
    target = ProbeTarget(
        attribute="site", groups=("a", "b", "c"), group_of_patient=codes
    )
    probabilities = np.full((PATIENTS, 3), 1 / 3)
    probabilities[:6, 0] = 0.9

    probe = judge_probe([probabilities], target, draws, SPEC, features="network")

    assert probe.auroc.value == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert probe.p < 0.01


def test_figures_of_several_networks_are_averaged(draws):
    """One network tells the groups apart, the other reverses them: 0.5 on average."""
    right = np.stack([1 - TARGET.group_of_patient, TARGET.group_of_patient], axis=1)
    networks = [right.astype(float), 1.0 - right]

    probe = judge_probe(networks, TARGET, draws, SPEC, features="network")

    assert probe.n_networks == 2
    assert probe.auroc.value == pytest.approx(0.5)
    assert probe.p > 0.5


def test_small_groups_are_left_out_of_the_search():
    """Four patients of a third group cannot be learned from."""
    codes = np.array([0] * 6 + [1] * 4 + [2] * 8 + [-1] * 2)
    attribute = GroupAttribute(
        text="site", name="site", groups=("a", "b", "c"), group_of_patient=codes
    )

    target = choose_target(attribute, SPEC)

    assert target.groups == ("a", "c")
    assert target.group_of_patient.tolist() == [0] * 6 + [-1] * 4 + [1] * 8 + [-1] * 2
    assert target.reason == ""


@pytest.mark.parametrize(
    ("sizes", "reason", "expected"),
    [((6, 4), "", "less than two groups"), ((6,), "no `sex`", "no `sex`")],
)
def test_what_cannot_be_searched_for_says_why(draws, sizes, reason, expected):
    """A probe of one group would be 0.5 and mean nothing."""
    codes = np.full(PATIENTS, -1)
    codes[: sum(sizes)] = np.repeat(np.arange(len(sizes)), sizes)
    names = ("a", "b")[: len(sizes)]
    attribute = GroupAttribute(
        text="sex", name="sex", groups=names, group_of_patient=codes, reason=reason
    )

    target = choose_target(attribute, SPEC)
    probe = judge_probe([], target, draws, SPEC, features="network")

    assert expected in target.reason
    assert expected in probe.auroc.reason
    assert math.isnan(probe.p)


def test_statistics_of_the_input_are_hand_computed():
    """A picture of one value per channel: mean and percentiles are it, spread is zero."""
    pixels = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    pixels[..., 1] = 10

    found = measure_input(pixels)

    assert found.shape == (1, 24)
    assert found[0, 8:16].tolist() == [10, 0, 10, 10, 10, 10, 10, 10]
    assert not found[0, :8].any()
