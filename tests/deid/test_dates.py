"""Tests of dates: intervals are exact, and what is no date is not guessed at."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tumorscope.deid.dates import (
    age_in_years,
    age_on,
    cap_age,
    is_time,
    keep_year,
    shift_date,
    shift_date_time,
)


def parsed(text):
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def test_intervals_are_exact_over_ten_thousand_pairs():
    """Leap days, centuries and years before 1900 included."""
    generator = np.random.default_rng(7)
    for _ in range(10_000):
        first = date(1700, 1, 1) + timedelta(days=int(generator.integers(0, 120_000)))
        second = first + timedelta(days=int(generator.integers(0, 9_000)))
        days = int(generator.integers(1, 3651))

        moved = [shift_date(f"{one:%Y%m%d}", days) for one in (first, second)]

        assert parsed(moved[1]) - parsed(moved[0]) == second - first
        assert parsed(moved[0]) == first - timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("20200301", "20200229"),
        ("20190301", "20190228"),
        ("2020.03.01", "20200229"),
        ("20200101 ", "20191231"),
        ("202003", "202002"),
        ("2020", "2019"),
        ("18500101", "18491231"),
    ],
)
def test_a_date_moves_in_its_own_precision(text, moved):
    """Partial dates stay partial, the old form with dots becomes the new one."""
    assert shift_date(text, 1) == moved


@pytest.mark.parametrize("text", ["", "20191345", "20190229", "2019-02-14", "VANDER"])
def test_what_is_no_date_is_not_moved(text):
    """The table decides on it: a name typed into a date does not pass."""
    assert shift_date(text, 1) is None


def test_the_calendar_ends_instead_of_wrapping():
    """Year one is as far as a date can go back."""
    assert shift_date("00010105", 10) is None


def test_time_of_day_fraction_and_zone_stay():
    """A scan that spans midnight keeps its order, whatever the offset."""
    before = shift_date_time("20190214235930.123456+0100", 45)
    after = shift_date_time("20190215000130.000000+0100", 45)

    assert before == "20181231235930.123456+0100"
    assert after == "20190101000130.000000+0100"


def test_a_time_without_a_day_is_refused():
    """Hours behind a month would be read as a day."""
    assert shift_date_time("2019021", 1) is None
    assert shift_date_time("20190214AB", 1) is None
    assert shift_date_time("201902", 31) == "201901"


def test_only_times_are_times():
    """A text in a TM does not stay."""
    assert is_time("235930.5")
    assert not is_time("Miller")


def test_only_the_year_is_kept():
    """Safe Harbor knows years and nothing finer."""
    assert keep_year("20190214") == "20190101"
    assert keep_year("n/a") is None


@pytest.mark.parametrize(
    ("age", "capped"),
    [
        ("089Y", "089Y"),
        ("090Y", "090Y"),
        ("091Y", "090Y"),
        ("999M", "999M"),
        ("113Y", "090Y"),
        ("7Y", "007Y"),
        ("old", None),
    ],
)
def test_ages_above_89_are_90(age, capped):
    """No age above 90 leaves, in whatever unit it is written."""
    assert cap_age(age) == capped


def test_no_age_above_ninety_leaves_in_any_unit():
    """Days, weeks and months are ages as well."""
    for unit in "DWMY":
        for number in range(1000):
            capped = cap_age(f"{number:03d}{unit}")
            assert age_in_years(capped) <= 90


def test_an_age_is_computed_in_completed_years():
    """The day before the birthday still counts the old age."""
    assert age_on("19570312", "20190311") == "061Y"
    assert age_on("19570312", "20190312") == "062Y"
    assert age_on("19200101", "20190312") == "090Y"
    assert age_on("", "20190312") is None
    assert age_on("20200101", "20190312") is None
