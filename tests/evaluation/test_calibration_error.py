"""Expected calibration error and its null."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.calibration_error import (
    measure_calibration,
    measure_tumor_shares,
    sample_calibration_null,
)

SPEC = EvaluateSpec(bootstrap_draws=200)


def _measure(labels, scores, patients):
    table = pd.DataFrame({"label": labels, "tumor_probability": scores})
    group = pd.Series(patients, dtype="str")
    site = pd.Series([None] * len(group), dtype="str")
    draws = draw_patients(group, site, SPEC, grouping="patient")
    return measure_calibration(table, draws, SPEC)


def test_error_is_the_gap_of_each_bin_weighted_by_its_share():
    """Bin of 0.1, 0.1: |0.1 - 0.5| * 2/4; 0.9: |0.9 - 1| / 4; 0.5: |0.5 - 0| / 4."""
    found = _measure([0, 1, 1, 0], [0.1, 0.1, 0.9, 0.5], list("abcd"))

    assert found.estimate.value == pytest.approx(0.4 * 0.5 + 0.1 / 4 + 0.5 / 4)


def test_perfectly_calibrated_scores_lie_inside_the_null_and_others_do_not():
    """Labels drawn from the scores look like the null; overconfident scores do not."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.2, 0.8, 2000)
    labels = (rng.random(2000) < scores).astype(int)
    patients = np.arange(2000) // 20

    fair = _measure(labels, scores, patients)
    overconfident = _measure(labels, np.where(scores > 0.5, 0.99, 0.01), patients)

    assert fair.inside_null
    assert 0 < fair.null_mean < fair.null_high < 0.06
    assert not overconfident.inside_null


def test_null_of_certain_scores_is_zero():
    """Probabilities of 0 and 1 leave nothing to chance."""
    null = sample_calibration_null(
        np.array([0.0, 1.0, 1.0]), draws=50, rng=np.random.default_rng(0)
    )

    assert null.tolist() == [0.0] * 50


def test_null_of_one_slice_is_known():
    """One slice of p = 0.25 misses by 0.25 or, in a quarter of draws, by 0.75."""
    null = sample_calibration_null(
        np.array([0.25]), draws=4000, rng=np.random.default_rng(0)
    )

    assert set(null) == {0.25, 0.75}
    assert (null == 0.75).mean() == pytest.approx(0.25, abs=0.03)


def test_one_patient_has_no_calibration_figure():
    """The figure says that an interval needs more patients; the null stands."""
    found = _measure([0, 1], [0.4, 0.6], list("aa"))

    assert "at least two patients" in found.estimate.reason
    assert not found.inside_null
    assert found.null_mean > 0


def _shares(labels, scores, patients):
    table = pd.DataFrame({"label": labels, "tumor_probability": scores})
    group = pd.Series(patients, dtype="str")
    site = pd.Series([None] * len(group), dtype="str")
    draws = draw_patients(group, site, SPEC, grouping="patient")
    return measure_tumor_shares(table, draws)


def test_band_holds_the_tumor_share_of_each_bin():
    """Two patients share a bin with three tumor slices of four."""
    found = _shares([1, 1, 1, 0], [0.51, 0.52, 0.53, 0.5], list("aabb"))

    assert len(found) == 15
    assert found[7].value == 0.75
    assert found[7].low < 0.75 < found[7].high
    assert (found[7].n_slices, found[7].n_patients) == (4, 2)


def test_band_has_gaps_where_a_bin_is_empty_or_of_one_patient():
    """No interval is drawn from nothing, nor from a single patient."""
    found = _shares([1, 0, 1], [0.5, 0.51, 0.99], list("aab"))

    assert found[0].reason == "no slice in this bin"
    assert "at least two patients" in found[7].reason
