"""The part of the page on calibration."""

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.evaluation.rendering.calibration_section import calibration_section


def _words(section):
    return " ".join(section.sentences)


def test_each_scale_has_a_column(simulate, evaluate):
    """Error, null, Brier score, slope and intercept, calibrated and raw."""
    logit = simulate().table["logit"].to_numpy()
    report = evaluate(tumor_probability=1 / (1 + np.exp(-logit / 2)))

    (table,) = calibration_section(report).tables

    assert table.columns[1:] == ("tumor_probability", "raw score, before calibration")
    calibrated, raw = report.scales
    assert table.rows[0][1:] == (calibrated.error.estimate, raw.error.estimate)
    assert table.rows[2][1:] == (calibrated.error.null_high, raw.error.null_high)
    assert table.rows[4][1:] == (calibrated.slope, raw.slope)


def test_unchanged_scores_have_one_column_and_a_sentence(report):
    """That no calibration was fitted is said, not left to be guessed."""
    section = calibration_section(report)

    assert len(section.tables[0].columns) == 2
    assert "no calibration changed it" in _words(section)


@pytest.mark.parametrize(
    ("high", "words"), [(0.9, "could show too"), (1e-6, "would not show in 95")]
)
def test_error_is_judged_against_its_null(report, high, words):
    """The verdict depends on the 95th percentile of the null, not on the interval."""
    judged = replace(report, calibration=replace(report.calibration, null_high=high))

    assert words in _words(calibration_section(judged))


def test_reliability_has_the_band_in_its_table(report):
    """Each equal-width bin has share, interval and patients; quantile bins have none."""
    (plot,) = calibration_section(report).plots

    width = [row for row in plot.rows if row[0] == "equal-width"]
    assert len(width) == 15
    for row, estimate in zip(width, report.reliability_band, strict=True):
        assert row[8] == estimate.n_patients
        if not estimate.reason:
            assert row[6] <= row[5] <= row[7]
            assert (row[6], row[7]) == (estimate.low, estimate.high)
    quantile = [row for row in plot.rows if row[0] == "quantile"]
    assert len({row[6:] for row in quantile}) == 1


def test_one_patient_leaves_a_curve_without_band(evaluate):
    """No interval is drawn where none can be had, and nothing fails."""
    section = calibration_section(evaluate(patients=1))

    assert "cannot be assessed" in _words(section)
    assert section.plots[0].svg.startswith("<svg")
