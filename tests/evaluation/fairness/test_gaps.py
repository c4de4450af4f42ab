"""The distance between groups and its null."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.fairness.gaps import blank_gap, measure_gap

SPEC = EvaluateSpec(bootstrap_draws=100)


@pytest.fixture
def draws():
    """Return draws of six patients with one slice each."""
    names = pd.Series([f"p{number}" for number in range(6)])
    site = pd.Series([None] * 6, dtype="str")
    return draw_patients(names, site, SPEC, grouping="patient")


def _figure(value, entered, *, reason="no tumor slice", rest=None):
    values = np.full(101, value if rest is None else rest, dtype=float)
    values[0] = value
    return MetricSamples(
        name="sensitivity",
        values=values,
        entered=np.isin(np.arange(6), entered),
        reason=reason,
    )


def test_gap_names_the_highest_and_the_lowest_group(draws):
    """Three groups of two patients: 0.9 minus 0.6."""
    figures = {
        "a": _figure(0.7, [0, 1]),
        "b": _figure(0.9, [2, 3]),
        "c": _figure(0.6, [4, 5]),
    }

    gap = measure_gap(figures, draws)

    assert gap.estimate.value == pytest.approx(0.3)
    assert (gap.highest, gap.lowest) == ("b", "c")
    assert (gap.estimate.n_patients, gap.estimate.n_slices) == (6, 6)
    assert math.isnan(gap.null_high)
    assert math.isnan(gap.p)


def test_shares_lie_at_most_one_apart(draws):
    """A wide interval of a gap between shares ends where shares end."""
    low, high = np.tile([0.0, 0.9], 51)[:101], np.tile([1.0, 0.9], 51)[:101]
    figures = {
        "a": replace(_figure(0.2, [0, 1, 2], rest=low), is_share=True),
        "b": replace(_figure(0.9, [3, 4, 5], rest=high), is_share=True),
    }
    coefficients = {name: replace(one, is_share=False) for name, one in figures.items()}

    assert measure_gap(figures, draws).estimate.high == 1
    assert measure_gap(coefficients, draws).estimate.high > 1


def test_null_and_p_are_counted_by_hand(draws):
    """Of four shufflings two show at least 0.2, the observed gap with its rounding."""
    figures = {"a": _figure(0.7, [0, 1, 2]), "b": _figure(0.9, [3, 4, 5])}
    null = np.array([[0.5, 0.5, 0.5, np.nan], [0.5, 0.7, 0.9, 0.5]])
    null = np.hstack([null, [[0.5], [0.6]]])

    gap = measure_gap(figures, draws, null=null, is_tested=True)

    assert gap.p == pytest.approx((1 + 2) / (1 + 4))
    assert gap.null_mean == pytest.approx((0 + 0.2 + 0.4 + 0.1) / 4)
    assert gap.null_high == pytest.approx(np.percentile([0, 0.2, 0.4, 0.1], 95))
    assert gap.inside_null


def test_a_gap_that_is_not_tested_has_a_null_and_no_p(draws):
    """Only what was listed beforehand gets a p-value."""
    figures = {"a": _figure(0.7, [0, 1, 2]), "b": _figure(0.9, [3, 4, 5])}

    gap = measure_gap(figures, draws, null=np.array([[0.5, 0.6], [0.5, 0.7]]))

    assert gap.null_high > 0
    assert math.isnan(gap.p)
    assert not gap.inside_null


def test_a_group_without_figure_leaves_no_gap(draws):
    """The reason names the group."""
    figures = {"a": _figure(0.7, [0]), "b": _figure(math.nan, [1])}

    gap = measure_gap(figures, draws, null=np.zeros((2, 3)), is_tested=True)

    assert gap.estimate.reason == "group 'b': no tumor slice"
    assert math.isnan(gap.p)
    assert gap.highest == gap.lowest == ""


def test_a_draw_without_a_group_is_left_out(draws):
    """Groups are not drawn apart: a small one may be missing in a draw."""
    figures = {"a": _figure(0.7, [0, 1]), "b": _figure(0.9, [2, 3], rest=math.nan)}

    gap = measure_gap(figures, draws)

    assert gap.estimate.reason == "undefined in every bootstrap draw"


def test_a_blank_gap_says_why(draws):
    """It still tells how many patients there are."""
    gap = blank_gap("auroc", "no `sex`", draws)

    assert str(gap.estimate) == "cannot be assessed: no `sex`"
    assert gap.estimate.n_patients == 6


def test_a_null_without_value_leaves_p_blank(draws):
    """Shufflings in which a group has no tumor slice tell nothing."""
    figures = {"a": _figure(0.7, [0, 1]), "b": _figure(0.9, [2, 3])}

    gap = measure_gap(figures, draws, null=np.full((2, 5), np.nan), is_tested=True)

    assert math.isnan(gap.p)
    assert gap.estimate.value == pytest.approx(0.2)
