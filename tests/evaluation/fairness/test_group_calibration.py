"""Calibration error of groups, its bias taken away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.calibration_error import (
    calibration_bin,
    sample_calibration_null,
)
from tumorscope.evaluation.fairness.group_calibration import (
    debiased_error,
    sum_calibration,
)


def _sums(labels, probabilities, patients):
    group = pd.Series([f"p{one:03d}" for one in patients])
    site = pd.Series([None] * len(group), dtype="str")
    spec = EvaluateSpec(bootstrap_draws=100)
    draws = draw_patients(group, site, spec, grouping="patient")
    rng = np.random.default_rng(0)
    return sum_calibration(np.asarray(labels), np.asarray(probabilities), draws, rng)


def test_certain_and_right_probabilities_have_no_error():
    """Nothing is left to chance, so that nothing is taken away either."""
    sums = _sums([1, 0, 1, 0], [1.0, 0.0, 1.0, 0.0], [0, 0, 1, 1])

    np.testing.assert_array_equal(debiased_error(sums, np.ones((1, 2))), [0.0])


def test_the_error_of_a_group_is_that_of_its_own_slices():
    """Observed minus mean null, as for the whole set, on the group's slices alone."""
    rng = np.random.default_rng(1)
    probabilities = rng.random(400)
    labels = (rng.random(400) < probabilities**2).astype(int)
    patients = np.repeat(np.arange(8), 50)
    sums = _sums(labels, probabilities, patients)

    members = np.isin(np.arange(8), [1, 4, 5])
    found = debiased_error(sums, members[None].astype(float))[0]

    inside = members[patients]
    own, answers = probabilities[inside], labels[inside]
    gaps = np.bincount(calibration_bin(own), weights=answers - own, minlength=15)
    observed = np.abs(gaps).sum() / inside.sum()
    null = sample_calibration_null(own, draws=4000, rng=np.random.default_rng(2))
    assert found == pytest.approx(observed - null.mean(), abs=0.003)
    assert found > 0.05


def test_a_small_group_does_not_look_worse_because_it_is_small():
    """With right probabilities, raw errors grow as groups shrink; debiased ones do not."""
    rng = np.random.default_rng(3)
    probabilities = rng.random(6000)
    labels = (rng.random(6000) < probabilities).astype(int)
    sums = _sums(labels, probabilities, np.repeat(np.arange(60), 100))

    one_by_one = np.eye(60)
    raw = np.abs(one_by_one @ sums.gap).sum(axis=1) / 100

    assert raw.mean() > 0.09
    assert debiased_error(sums, one_by_one).mean() < 0.02


def test_an_empty_draw_has_no_error():
    """It is undefined, not zero."""
    sums = _sums([1, 0], [0.6, 0.4], [0, 1])

    assert np.isnan(debiased_error(sums, np.zeros((1, 2)))).all()
