"""Means over slices and over patients, by hand."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.explanation.mean_figures import estimate_means, patient_weights

BLANK = float("nan")


def draws_of(patients):
    """Return draws of these patients, one site."""
    return draw_patients(
        pd.Series(patients, dtype="str"),
        pd.Series(["a"] * len(patients), dtype="str"),
        EvaluateSpec(bootstrap_draws=200),
        grouping="patient",
    )


def test_a_slice_without_a_value_does_not_enter():
    """(1 + 0 + 1) / 3 over three slices of two patients; the blank one is not a zero."""
    draws = draws_of(["p", "p", "q", "r"])

    found = estimate_means(
        {"hit": np.array([1.0, 0.0, 1.0, BLANK])},
        draws,
        reasons={"hit": "none"},
        shares=("hit",),
    )["hit"]

    assert found.value == pytest.approx(2 / 3)
    assert (found.n_slices, found.n_patients) == (3, 2)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_weights_let_a_slice_stand_for_others():
    """A value of 1 that stands for three slices and a 0 for one are 0.75."""
    draws = draws_of(["p", "q"])

    found = estimate_means(
        {"area": np.array([1.0, 0.0])},
        draws,
        reasons={"area": "none"},
        weights=np.array([3.0, 1.0]),
    )

    assert found["area"].value == 0.75


def test_with_patient_weights_each_patient_counts_once():
    """Slices 1, 1, 1 of one patient and 0 of another: 0.75 by slices, 0.5 by patients."""
    draws = draws_of(["p", "p", "p", "q", "q"])
    values = np.array([1.0, 1.0, 1.0, 0.0, BLANK])

    weights = patient_weights(values, draws)
    found = estimate_means(
        {"area": values}, draws, reasons={"area": "none"}, weights=weights
    )

    assert weights == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1, 1])
    assert found["area"].value == pytest.approx(0.5)


def test_nothing_measured_has_a_reason_instead_of_a_value():
    """A blank says why; no columns give no figures."""
    draws = draws_of(["p", "q"])

    found = estimate_means(
        {"area": np.full(2, BLANK)}, draws, reasons={"area": "switched off"}
    )

    assert found["area"].reason == "switched off"
    assert estimate_means({}, draws, reasons={}) == {}
