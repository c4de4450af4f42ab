"""The part of the page on lesions and patients."""

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.rendering.detection_section import detection_section
from tumorscope.evaluation.report import evaluate_predictions

SPEC = EvaluateSpec(bootstrap_draws=100)


@pytest.fixture
def sized(simulate):
    """Return a maker of reports with lesions of 100 and 1,000 pixels."""

    def make(areas=None, *, grouping="patient", **columns):
        if areas is None:
            areas = np.where(np.arange(144) % 2, 100.0, 1000.0)
        return evaluate_predictions(
            simulate(**columns), SPEC, grouping=grouping, lesion_areas_px=areas
        )

    return make


def _words(section):
    return " ".join(section.sentences)


def test_tables_hold_the_figures_of_the_report(sized):
    """Both decisions, every stratum and the patients, with their estimates."""
    report = sized()

    decisions, sizes, patients = detection_section(report).tables

    assert decisions.rows[0][1] is report.at_ranked.sensitivity
    assert decisions.rows[1][2] is report.at_tuned.metrics["specificity"]
    assert [row[0] for row in sizes.rows] == [
        each.name for each in report.by_lesion_size.strata
    ]
    assert sizes.rows[0][2] is report.by_lesion_size.strata[0].ranked
    assert patients.rows[0][1:] == tuple(each.hit for each in report.patients)


def test_plot_has_a_line_for_each_size_and_its_numbers(sized):
    """The sensitivity on all tumor slices stands above the strata."""
    report = sized()

    (plot,) = detection_section(report).plots

    assert [row[0] for row in plot.rows][:2] == ["all tumor slices", "up to 200 px"]
    assert plot.rows[0][1] == report.at_ranked.sensitivity.value
    assert plot.rows[-1][1] == "no tumor slice of this size"


def test_hits_are_told_with_the_exact_bound(sized):
    """The sentence counts patients and gives what that many prove."""
    report = sized(tumor_probability=np.tile(np.arange(12) % 2 * 0.9, 12))
    hit = report.patients[1].hit

    text = _words(detection_section(report))

    assert f"{report.patients[1].n_hit} of 12 patients" in text
    assert f"at least {hit.low:.3f} by the exact interval" in text


def test_slices_without_mask_are_said_to_be_left_out(sized):
    """A stratum is no share of all tumor slices."""
    areas = np.full(144, 100.0)
    areas[:12] = np.nan

    assert "4 tumor slices have no mask" in _words(detection_section(sized(areas)))


def test_what_is_missing_is_said(sized):
    """No masks: no table of sizes. No patient ids: no figures of patients."""
    report = sized(np.full(144, np.nan), patient_id=None, grouping="near-duplicates")

    section = detection_section(report)

    assert len(section.tables) == 2
    assert section.plots == ()
    assert "cannot be assessed: no lesion masks" in _words(section)
    assert "patients cannot be assessed: no `patient_id`" in _words(section)


def test_one_decision_may_be_missing(sized):
    """Without a tuned threshold the figures at t95 still stand."""
    report = sized(threshold_probability=np.nan)

    text = _words(detection_section(report))

    assert "of 12 patients with tumor slices are hit" in text
    assert "hits cannot be assessed: 144 of 144 slices have no threshold" in text


def test_a_report_of_another_size_of_interval_still_draws(sized, estimate):
    """A stratum that is assessed beside one that is not."""
    report = sized()
    first = replace(report.by_lesion_size.strata[0], ranked=estimate(0.4))
    sizes = replace(report.by_lesion_size, strata=(first,))

    (plot,) = detection_section(replace(report, by_lesion_size=sizes)).plots

    assert plot.rows[1][1:4] == (0.4, pytest.approx(0.35), pytest.approx(0.45))
