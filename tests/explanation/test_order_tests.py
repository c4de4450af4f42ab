"""Orders of pixels against random and brightness, paired by patient."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.explanation.order_tests import compare_orders

PATIENTS = [name for name in "abcdefgh" for _ in range(2)]
BLANK = float("nan")


@pytest.fixture
def draws():
    """Return draws of eight patients with two slices each."""
    return draw_patients(
        pd.Series(PATIENTS, dtype="str"),
        pd.Series(["a"] * 16, dtype="str"),
        EvaluateSpec(bootstrap_draws=200),
        grouping="patient",
    )


def areas(method, random=0.6, brightness=0.5):
    """Return areas by order."""
    return {
        "cam": np.asarray(method, dtype=float),
        "random": np.full(16, random),
        "brightness": np.full(16, brightness),
    }


def test_the_test_is_over_means_of_patients(draws):
    """Wilcoxon sees eight differences, not sixteen."""
    method = np.random.default_rng(1).uniform(0.1, 0.9, 16)

    against_random, _ = compare_orders(
        areas(method), draws, curve="deletion", methods=["cam"]
    )

    by_patient = method.reshape(8, 2).mean(axis=1) - 0.6
    assert against_random.difference.value == pytest.approx(by_patient.mean())
    assert against_random.p_value == pytest.approx(wilcoxon(by_patient).pvalue)
    assert against_random.n_patients == 8


def test_a_faithful_order_is_better_on_both_curves(draws):
    """Deletion below, insertion above; eight patients of eight give p = 2 / 2^8."""
    low, high = np.linspace(0.1, 0.3, 16), np.linspace(0.7, 0.9, 16)

    deletion = compare_orders(areas(low), draws, curve="deletion", methods=["cam"])
    insertion = compare_orders(areas(high), draws, curve="insertion", methods=["cam"])

    for test in (*deletion, *insertion):
        assert test.is_better
        assert test.p_value == pytest.approx(2 / 2**8)
        assert test.p_holm == pytest.approx(2 * 2 / 2**8)
    wrong = compare_orders(areas(high), draws, curve="deletion", methods=["cam"])
    assert not any(test.is_better for test in wrong)


def test_without_a_difference_there_is_no_test(draws):
    """Equal areas give no p-value, and no warning."""
    (test, _) = compare_orders(
        areas(np.full(16, 0.6)), draws, curve="deletion", methods=["cam"]
    )

    assert test.difference.value == 0
    assert np.isnan(test.p_value)
    assert np.isnan(test.p_holm)
    assert not test.is_better


def test_without_slices_there_is_a_reason(draws):
    """Nothing was deleted: no figure, no p-value."""
    (test, _) = compare_orders(
        areas(np.full(16, BLANK)), draws, curve="deletion", methods=["cam"]
    )

    assert test.difference.reason == "no slice was looked at"
    assert (test.n_patients, test.is_better) == (0, False)
    assert np.isnan(test.p_value)
