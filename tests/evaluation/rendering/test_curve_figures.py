"""The figures of curves, calibration and scores."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from tumorscope.evaluation.curves import bin_reliability, trace_curves
from tumorscope.evaluation.rendering.curve_figures import (
    OperatingMark,
    draw_precision_recall,
    draw_reliability,
    draw_roc,
    draw_score_counts,
)

LABELS = np.array([0, 0, 1, 0, 1, 1])
SCORES = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.9])
MARK = OperatingMark(
    label="at 0.5", false_positive_rate=1 / 3, sensitivity=2 / 3, precision=2 / 3
)


def _texts(svg):
    root = ElementTree.fromstring(svg)  # noqa: S314 - drawn by this test
    return [each.text for each in root.iter("text")]


@pytest.fixture
def curves():
    """Return the curves of six slices."""
    return trace_curves(LABELS, SCORES)


def test_operating_points_are_marked_and_named(curves):
    """Both curves carry each operating point and its name."""
    roc, precision_recall = curves

    for svg in (
        draw_roc(roc, [MARK], alt="ROC"),
        draw_precision_recall(precision_recall, [MARK], alt="PR"),
    ):
        assert "at 0.5" in _texts(svg)
        assert "var(--series-2)" in svg


def test_undefined_operating_point_is_not_drawn(curves):
    """Without a slice above the threshold there is no precision to draw."""
    undefined = replace(MARK, precision=math.nan)

    assert "at 0.5" not in _texts(
        draw_precision_recall(curves[1], [undefined], alt="PR")
    )
    assert "at 0.5" in _texts(draw_roc(curves[0], [undefined], alt="ROC"))


def test_roc_runs_through_its_points(curves):
    """The drawn line is the curve: (1/3, 2/3) lies a third along and two thirds up."""
    svg = draw_roc(curves[0], [], alt="ROC")
    line = re.search(r'<path d="([^"]*)"[^>]*stroke: var\(--series-1\)', svg).group(1)
    points = [
        tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", line)
    ]

    (left, bottom), (right, top) = points[0], points[-1]
    shares = [
        ((x - left) / (right - left), (y - bottom) / (top - bottom)) for x, y in points
    ]
    assert any(share == pytest.approx((1 / 3, 2 / 3), abs=1e-4) for share in shares)


def test_reliability_and_scores_survive_empty_bins():
    """Bins without slices leave gaps, not warnings."""
    bins = bin_reliability(LABELS, SCORES, "equal-width")
    assert (bins.n_slices == 0).any()

    assert "equal-width bins" in _texts(draw_reliability([bins], [], alt="reliability"))
    drawn = _texts(draw_score_counts(bins, [0.4, 0.6], alt="scores"))
    assert drawn.count("tuned threshold") == 1


def test_reliability_band_skips_bins_without_interval(estimate):
    """A bin that cannot be assessed leaves no mark of its own in the band."""
    bins = bin_reliability(LABELS, SCORES, "equal-width")
    band = [estimate(0.5) for _ in bins.n_slices]
    unknown = [estimate(0.5, reason="no slice in this bin") for _ in bins.n_slices]

    drawn = draw_reliability([bins], band, alt="reliability")
    blank = draw_reliability([bins], unknown, alt="reliability")

    assert "FillBetweenPolyCollection" in drawn
    assert "opacity: 0.18" in drawn
    assert "opacity: 0.18" not in blank
