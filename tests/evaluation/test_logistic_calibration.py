"""Calibration slope and intercept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.logistic_calibration import (
    measure_scales,
    sample_logistic_fit,
)

SPEC = EvaluateSpec(bootstrap_draws=100)


def _draws(groups):
    groups = pd.Series(groups, dtype="str")
    sites = pd.Series([None] * len(groups), dtype="str")
    return draw_patients(groups, sites, SPEC, grouping="patient")


def _expit(logit):
    return 1 / (1 + np.exp(-logit))


def _cohort(rng, slope, intercept, slices=4000):
    logit = rng.normal(0, 2, slices)
    labels = (rng.random(slices) < _expit(intercept + slope * logit)).astype(np.int64)
    return labels, _expit(logit), np.arange(slices) // 40


def test_fit_is_scikit_learns_without_penalty_in_the_set_and_in_a_draw():
    """Slope and intercept are those of an established library, copies included."""
    labels, scores, patients = _cohort(np.random.default_rng(0), 0.6, -0.4, slices=600)
    draws = _draws(patients)

    slope, intercept = sample_logistic_fit(labels, scores, draws)

    logit = np.log(scores / (1 - scores))[:, None]
    for row in (0, 7):
        model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=500)
        model.fit(logit, labels, draws.counts[row][draws.patient_of_slice])
        assert slope[row] == pytest.approx(model.coef_[0, 0], abs=1e-4)
        assert intercept[row] == pytest.approx(model.intercept_[0], abs=1e-4)


def test_known_slope_and_intercept_are_found():
    """Scores that are twice too extreme have the slope 0.5."""
    labels, scores, patients = _cohort(np.random.default_rng(1), 0.5, 1.0)
    table = pd.DataFrame(
        {"label": labels, "tumor_probability": scores, "logit": np.nan}
    )

    (found,) = measure_scales(table, _draws(patients), SPEC)

    assert found.slope.low < 0.5 < found.slope.high
    assert found.intercept.low < 1 < found.intercept.high
    assert found.slope.high < 0.65
    assert found.intercept.n_patients == 100
    assert found.brier.value == pytest.approx(((scores - labels) ** 2).mean())


def test_logit_is_clipped_at_one_in_ten_thousand():
    """A probability of 0 or 1 counts as 0.0001 or 0.9999."""
    labels = np.array([0, 1, 0, 1, 0, 1, 1, 0])
    extreme = np.array([0.0, 1.0, 0.3, 0.6, 0.7, 0.4, 0.0, 1.0])
    clipped = np.clip(extreme, 1e-4, 1 - 1e-4)
    draws = _draws(list("aabbccdd"))

    found = sample_logistic_fit(labels, extreme, draws)[0][0]

    assert np.isfinite(found)
    assert found == sample_logistic_fit(labels, clipped, draws)[0][0]


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),  # separated
        ([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]),  # separated the other way
        ([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9]),  # they touch only
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]),  # one score
        ([1, 1, 1, 1], [0.1, 0.2, 0.8, 0.9]),  # one class
    ],
)
def test_no_finite_slope_is_no_slope(labels, scores):
    """Where the likelihood has no maximum there is a gap, not a huge number."""
    slope, intercept = sample_logistic_fit(
        np.array(labels), np.array(scores), _draws(list("abcd"))
    )

    assert np.isnan(slope).all()
    assert np.isnan(intercept).all()


def test_a_score_that_ranks_backwards_has_a_negative_slope():
    """The fit converges from afar: Newton's full step would overshoot here."""
    rng = np.random.default_rng(2)
    logit = np.concatenate([rng.normal(-2, 1, 60), rng.normal(-1.5, 3, 240)])
    labels = np.array([1] * 60 + [0] * 240)

    slope, _ = sample_logistic_fit(labels, _expit(logit), _draws(np.arange(300) % 20))

    assert slope[0] < 0
    assert np.isfinite(slope).all()


def test_raw_scores_stand_beside_calibrated_ones(simulate):
    """A temperature of 2 halves the slope of the raw score."""
    logit = simulate(patients=40).table["logit"].to_numpy()
    table = simulate(patients=40, tumor_probability=_expit(logit / 2)).table
    draws = draw_patients(table["group"], table["site"], SPEC, grouping="patient")

    calibrated, raw = measure_scales(table, draws, SPEC)

    assert (calibrated.scale, raw.scale) == ("calibrated", "raw")
    assert raw.slope.value == pytest.approx(calibrated.slope.value / 2, rel=1e-4)
    assert raw.intercept.value == pytest.approx(calibrated.intercept.value, abs=1e-4)
    assert raw.error.estimate.value != calibrated.error.estimate.value


def test_scores_that_nothing_changed_are_judged_once(simulate):
    """Without calibration, or without logits, there is one scale."""
    table = simulate().table
    draws = draw_patients(table["group"], table["site"], SPEC, grouping="patient")

    assert [each.scale for each in measure_scales(table, draws, SPEC)] == ["calibrated"]
    unknown = table.assign(logit=np.nan)
    assert len(measure_scales(unknown, draws, SPEC)) == 1
