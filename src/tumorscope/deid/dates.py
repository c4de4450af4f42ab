"""Dates that move together: DA, DT and TM of one patient, by whole days.

Whole days leave the time of day and every interval as they are, so that a pair of date
and time that spans midnight stays a pair. A value that is no date is not guessed at: it
is handled as the Basic Profile says.

References:
    DICOM PS3.5, section 6.2 (DA, DT, TM); PS3.15, E.3.6 (modified dates).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})(?:\.?(\d{2})(?:\.?(\d{2}))?)?")
_DATE_TIME = re.compile(
    r"(\d{4}(?:\d{2}(?:\d{2})?)?)((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?"
)
_TIME = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?")
_AGE = re.compile(r"(\d{1,4})([DWMY])")
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
CAPPED_AGE_YEARS = 90
_EARLIEST = date(1, 1, 1)


def shift_date(text: str, days: int) -> str | None:
    """Return a DA that lies `days` earlier, in the precision of the original.

    A value without day or month is taken as the first of what it names, moved, and cut
    again: its interval to others is then only as exact as it was.

    Args:
        text: `YYYYMMDD`; the old form with dots, and partial dates, are understood.
        days: Whole days, at least 0.

    Returns:
        The new value; None where the text is no date, or the calendar ends.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    moved = _moved(match.group(1), match.group(2), match.group(3), days)
    return None if moved is None else moved[: 4 + 2 * (match.lastindex or 1) - 2]


def shift_date_time(text: str, days: int) -> str | None:
    """Return a DT that lies `days` earlier; time of day, fraction and zone stay.

    Args:
        text: `YYYYMMDDHHMMSS.FFFFFF+ZZXX` or its beginning.
        days: Whole days, at least 0.

    Returns:
        The new value, or None as for `shift_date`.
    """
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, time, zone = match.group(1), match.group(2), match.group(3) or ""
    if time and len(day) < 8:
        return None
    moved = shift_date(day, days)
    return None if moved is None else moved + time + zone


def is_time(text: str) -> bool:
    """Return whether a text is a TM."""
    return _TIME.fullmatch(text.strip()) is not None


def keep_year(text: str) -> str | None:
    """Return the first of January of a DA's or DT's year; None where it has none."""
    match = re.match(r"\d{4}", text.strip())
    return None if match is None else f"{match.group()}0101"


def cap_age(text: str) -> str | None:
    """Return an AS, every age above 89 years as `090Y`.

    Returns:
        The age as DICOM writes it; None where the text is none.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = int(match.group(1)), match.group(2)
    if age_in_years(text) >= CAPPED_AGE_YEARS:
        return f"{CAPPED_AGE_YEARS:03d}Y"
    return f"{number:03d}{unit}" if number < 1000 else None


def age_in_years(text: str) -> float:
    """Return an AS in years; NaN where it is none."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return float("nan")
    return int(match.group(1)) * _DAYS[match.group(2)] / _DAYS["Y"]


def age_on(birth: str, day: str) -> str | None:
    """Return the completed years between two DA as an AS; None where it cannot be.

    Args:
        birth: Birth date, `YYYYMMDD`.
        day: Study date, `YYYYMMDD`.
    """
    born, then = _day(birth), _day(day)
    if born is None or then is None or then < born:
        return None
    years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return cap_age(f"{years:03d}Y")


def _day(text: str) -> date | None:
    match = _DATE.fullmatch(text.strip())
    if match is None or match.group(3) is None:
        return None
    try:
        return date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
    except ValueError:
        return None


def _moved(year: str, month: str | None, day: str | None, days: int) -> str | None:
    try:
        old = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if (old - _EARLIEST).days < days:
        return None
    return (old - timedelta(days=days)).strftime("%Y%m%d").rjust(8, "0")
