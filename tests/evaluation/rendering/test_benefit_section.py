"""The part of the page on net benefit."""

from dataclasses import replace

import pytest

from tumorscope.evaluation.rendering.benefit_section import benefit_section
from tumorscope.pages.numbers import format_estimate


def _words(section):
    return " ".join(section.sentences)


@pytest.fixture
def beside(report, estimate):
    """Return a report whose curve has a simple method, 0.02 below the model."""
    points = tuple(
        replace(
            point,
            model=estimate(0.3),
            over_all=estimate(0.1),
            rival=estimate(0.28),
            over_rival=estimate(0.2 if point.threshold_probability > 0.3 else 0.02),
        )
        for point in report.decision_curve.points
    )
    curve = replace(report.decision_curve, points=points, rival="position")
    return replace(report, decision_curve=curve)


def test_gain_is_told_where_every_interval_is_above_zero(beside):
    """At 0.05 to 0.30 the gain over the simple method may be none."""
    text = _words(benefit_section(beside))

    assert "above 0 at 4 of 10 thresholds: 0.35; 0.40; 0.45; 0.50." in text
    assert "“position”" in text


def test_without_simple_method_that_is_said(report):
    """What was not compared cannot be assessed."""
    section = benefit_section(report)

    assert "cannot be assessed: none was run" in _words(section)
    assert {row[4] for row in section.tables[0].rows} == {"not run"}


def test_plots_carry_every_number(beside):
    """Net benefit has three lines, the gain two, at ten thresholds each."""
    benefit, gain = benefit_section(beside).plots

    assert len(benefit.rows) == 30
    assert len(gain.rows) == 20
    assert gain.rows[0][0] == "over every slice positive"
    assert gain.rows[0][1:] == pytest.approx((0.05, 0.1, 0.05, 0.15))
    assert "position" in benefit.svg


def test_table_gives_its_n(beside):
    """Slices and patients stand above figures that all rest on them."""
    (table,) = benefit_section(beside).tables

    assert "144 slices of 12 patients" in table.caption
    assert format_estimate(table.rows[0][1]) == "0.30 [0.25, 0.35]"


def test_one_patient_is_told_and_drawn(evaluate):
    """Without intervals there is a reason, an empty figure and no failure."""
    section = benefit_section(evaluate(patients=1))

    assert "Net benefit cannot be assessed: an interval needs" in _words(section)
    assert all(plot.svg.startswith("<svg") for plot in section.plots)
