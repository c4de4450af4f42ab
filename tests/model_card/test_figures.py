"""Figures read out of JSON."""

from __future__ import annotations

import math

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.model_card.figures import figure_at, named_figures, read_estimate


def test_missing_figure_is_none_not_an_error(make_figure):
    """What was not measured reads as None on any step of the way."""
    content = {"ranking": {"auroc": make_figure(0.9, 0.8, 1.0)}}

    assert figure_at(content, "ranking", "auroc").value == 0.9
    assert figure_at(content, "ranking", "brier") is None
    assert figure_at(content, "other", "auroc") is None
    assert figure_at(None, "ranking") is None


def test_null_value_keeps_its_reason(make_figure):
    """A figure that cannot be assessed comes back with its reason."""
    found = read_estimate(make_figure(None, None, None, reason="one class"))

    assert math.isnan(found.value)
    assert found.reason == "one class"


def test_object_that_is_no_estimate_is_refused():
    """A changed layout is an error, not an empty table."""
    with pytest.raises(DataError, match="MetricEstimate"):
        figure_at({"auroc": {"value": 1.0}}, "auroc")


def test_unknown_layout_is_shown_with_the_names_on_the_way(make_figure):
    """Every estimate of an unknown block is found, wherever it stands."""
    content = {"drops": [{"artifact": "ghost", "severity_3": make_figure(0.1, 0, 0.2)}]}

    [(label, estimate)] = named_figures(content)

    assert label == "drops · ghost · severity 3"
    assert estimate.value == 0.1


def test_figure_without_n_takes_that_around_it_or_is_left_out(make_figure):
    """No figure is shown without its n."""
    bare = make_figure(0.1, 0, 0.2)
    for key in ("n_slices", "n_patients", "name"):
        del bare[key]

    around = list(named_figures({"n_slices": 5, "n_patients": 2, "dice": bare}))

    assert [(each.n_slices, each.n_patients) for _, each in around] == [(5, 2)]
    assert list(named_figures({"dice": bare})) == []
