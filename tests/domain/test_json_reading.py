"""Values read back from JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate, MetricSet
from tumorscope.domain.json_reading import from_json_value
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.specs import EvaluateSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inner:
    name: str
    share: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outer:
    inner: tuple[_Inner, ...]
    figures: MetricSet
    spec: EvaluateSpec
    best: MetricEstimate
    note: str = "none"


def test_a_value_comes_back_as_it_was(estimate):
    """Tuples, specs, metric sets and estimates survive the way through JSON."""
    figures = MetricSet(
        estimates=(estimate(0.5, "auroc"), estimate(0.0, "brier", reason="no slices")),
        draws_left_out=(3, 0),
    )
    value = _Outer(
        inner=(_Inner(name="a", share=math.nan, count=2),),
        figures=figures,
        spec=EvaluateSpec(level=0.9),
        best=estimate(0.5, "auroc"),
    )

    back = from_json_value(_Outer, json.loads(json.dumps(to_json_value(value))))

    assert np.isnan(back.inner[0].share)
    assert (back.inner[0].name, back.inner[0].count) == ("a", 2)
    assert (back.spec, back.best, back.note) == (value.spec, value.best, "none")
    assert back.figures["auroc"] == figures["auroc"]
    assert back.figures["brier"].reason == "no slices"
    assert back.figures.draws_left_out == (3, 0)


@pytest.mark.parametrize(
    "content", [{}, [], None, {"name": "a", "share": 1.0}, {"inner": 3}]
)
def test_the_json_of_something_else_is_an_error(content):
    """The message names the value that was wanted."""
    with pytest.raises(DataError, match="not the JSON of a _Inner"):
        from_json_value(_Inner, content)


def test_a_broken_spec_is_an_error():
    """A setting of a newer version is not dropped in silence."""
    with pytest.raises(DataError, match="not the JSON of a EvaluateSpec"):
        from_json_value(EvaluateSpec, {"levels": 0.9})
