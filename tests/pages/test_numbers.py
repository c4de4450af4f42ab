"""Numbers as text."""

import math

import pytest

from tumorscope.pages.numbers import (
    decimals,
    format_count,
    format_difference,
    format_estimate,
    format_number,
    format_share,
    format_small,
    format_time,
)


@pytest.mark.parametrize(
    ("low", "high", "places"),
    [(0.5, 0.9, 2), (0.95, 0.98, 3), (0.9991, 0.9999, 4), (1, 1, 2)],
)
def test_narrower_intervals_earn_more_digits(estimate, low, high, places):
    """Digits that the interval does not support are not printed."""
    assert decimals(estimate((low + high) / 2, low=low, high=high)) == places


def test_estimate_is_printed_with_its_interval_or_its_reason(estimate):
    """A number never stands alone, and a blank is never silent."""
    assert format_estimate(estimate(0.871)) == "0.87 [0.82, 0.92]"
    assert format_estimate(estimate(0, reason="no `site`")) == (
        "cannot be assessed: no `site`"
    )


def test_difference_carries_its_sign(estimate):
    """Plus and minus are both printed, and zero is not negative."""
    assert format_difference(estimate(0.03)) == "+0.03"
    assert format_difference(estimate(-0.03)) == "\N{MINUS SIGN}0.03"
    assert format_difference(estimate(-0.001)) == "+0.00"


def test_plain_numbers():
    """Counts, shares, small numbers and what is not defined."""
    assert format_number(math.nan) == "not defined"
    assert format_count(12345) == "12\u202f345"
    assert (format_share(0.41), format_share(0.041), format_share(0)) == (
        "41\u202f%",
        "4.1\u202f%",
        "0\u202f%",
    )
    assert (format_share(math.nan), format_small(math.inf)) == ("not defined",) * 2
    assert format_small(0.00003) == "3e-05"
    assert format_time("2026-11-23T10:12:00+01:00") == "2026-11-23 10:12 UTC+01:00"
