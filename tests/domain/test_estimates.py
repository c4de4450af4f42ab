"""A reported number: never without its interval and its n."""

from __future__ import annotations

import math

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate


def _estimate(**changes) -> MetricEstimate:
    values = {
        "name": "auroc",
        "value": 0.8767,
        "low": 0.7,
        "high": 0.95,
        "level": 0.95,
        "n_slices": 100,
        "n_patients": 10,
        "resampled": "patients",
    }
    return MetricEstimate(**(values | changes))


def test_estimate_is_printed_with_its_interval():
    """A figure never stands alone."""
    assert str(_estimate()) == "0.877 [0.700, 0.950]"


def test_blank_says_why():
    """What cannot be assessed is told in words, not as 0 or nan."""
    blank = _estimate(value=math.nan, reason="one class only", n_slices=0, n_patients=0)

    assert str(blank) == "cannot be assessed: one class only"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": math.nan}, "the reason why there is none"),
        ({"reason": "one class only"}, "a figure needs a value"),
        ({"level": 0.0}, "outside"),
        ({"level": 1.0}, "outside"),
        ({"n_slices": 0}, "needs slices and patients"),
        ({"n_patients": 0}, "needs slices and patients"),
    ],
)
def test_number_without_what_belongs_to_it_is_refused(changes, message):
    """A value needs its n, a blank its reason, an interval its level."""
    with pytest.raises(DataError, match=message):
        _estimate(**changes)
