"""Calibration fitted on the tuning part."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import LogitCalibration
from tumorscope.evaluation.temperature import SLOPE_LIMITS, fit_calibration
from tumorscope.evaluation.tuning_scores import TuningScores


def _tuning(*, factor=1.0, shift=0.0, patients=40, slices=50, seed=0):
    """Return logits that would be right if divided by `factor` and moved by `shift`."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-0.5, 2, patients * slices)
    label = (rng.random(len(true)) < 1 / (1 + np.exp(-true))).astype(int)
    owners = np.repeat(np.arange(patients), slices)
    return TuningScores.from_owners(factor * (true - shift), label, owners)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_temperature_undoes_what_sharpened_the_logits(factor):
    """The fitted slope is the inverse of a known factor."""
    found = fit_calibration(_tuning(factor=factor), "temperature")

    assert found.slope == pytest.approx(1 / factor, rel=0.1)
    assert found.intercept == 0
    assert (found.tune_slices, found.tune_patients) == (2000, 40)


def test_platt_also_undoes_a_shift():
    """Slope and intercept are found together."""
    found = fit_calibration(_tuning(factor=2.0, shift=1.0, slices=200), "platt")

    assert found.slope == pytest.approx(0.5, rel=0.1)
    assert found.intercept == pytest.approx(1.0, abs=0.15)


def test_patients_fitted_by_others_gain_too():
    """The stored log loss after calibration is one on patients that were left out."""
    found = fit_calibration(_tuning(factor=4.0), "temperature")

    assert found.log_loss_left_out < found.log_loss_raw - 0.1


def test_a_perfectly_separated_part_leads_to_no_certainty():
    """Smoothed targets keep the slope inside its limits and the scores inside (0, 1)."""
    tuning = TuningScores.from_owners(
        np.array([-2.0, -1.0, 1.0, 2.0] * 5),
        [0, 0, 1, 1] * 5,
        np.repeat(np.arange(5), 4),
    )

    found = fit_calibration(tuning, "temperature")

    assert SLOPE_LIMITS[0] < found.slope < 5


def test_one_long_series_does_not_decide_alone():
    """Each patient counts equally: copies of one patient's slices change nothing."""
    tuning = _tuning(patients=6, slices=20)
    first = np.flatnonzero(tuning.patient == 0)
    rows = np.concatenate([np.arange(len(tuning.logit)), np.repeat(first, 9)])
    longer = TuningScores.from_owners(
        tuning.logit[rows], tuning.label[rows], tuning.patient[rows]
    )

    short, long = (fit_calibration(each, "temperature") for each in (tuning, longer))

    assert long.slope == pytest.approx(short.slope, rel=0.05)


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_one_class_fixes_nothing_and_says_so(method):
    """A tuning part without tumor slices leaves the logits as they are."""
    tuning = TuningScores.from_owners(np.array([0.0, 1.0]), [0, 0], np.array([0, 1]))

    assert fit_calibration(tuning, method) == LogitCalibration()


def test_one_patient_has_no_left_out_figure():
    """Calibration itself is possible; judging it on others is not."""
    tuning = TuningScores.from_owners(
        np.array([0.0, 1.0]), [0, 1], np.array(["a", "a"])
    )

    assert fit_calibration(tuning, "temperature").log_loss_left_out is None


def test_none_is_asked_for_explicitly():
    """The raw logit can be kept."""
    assert fit_calibration(_tuning(), "none") == LogitCalibration()
