"""Numbers as text: as many digits as the interval supports."""

from __future__ import annotations

import math
from datetime import datetime

from tumorscope.domain.estimates import MetricEstimate

WIDE_INTERVAL = 0.04
NARROW_INTERVAL = 0.004
BLANK = "not defined"
MINUS = "\N{MINUS SIGN}"


def decimals(estimate: MetricEstimate) -> int:
    """Return how many decimals the interval supports.

    Returns:
        2 for an interval at least 0.04 wide, 3 for one at least 0.004 wide, else 4. An
        interval without width tells nothing of the precision: 2.
    """
    width = estimate.high - estimate.low
    if width >= WIDE_INTERVAL or width == 0:
        return 2
    return 3 if width >= NARROW_INTERVAL else 4


def format_value(estimate: MetricEstimate) -> str:
    """Return the figure without its interval; one that has no value has no text."""
    return format_number(estimate.value, decimals(estimate))


def format_difference(estimate: MetricEstimate) -> str:
    """Return the figure with its sign, as in "+0.03"."""
    text = format_value(estimate)
    return text if text.startswith(MINUS) else f"+{text}"


def format_interval(estimate: MetricEstimate) -> str:
    """Return the interval as in "[0.79, 0.93]"."""
    places = decimals(estimate)
    low, high = (format_number(end, places) for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"


def format_estimate(estimate: MetricEstimate) -> str:
    """Return the figure with its interval, or why it cannot be assessed."""
    if estimate.reason:
        return f"cannot be assessed: {estimate.reason}"
    return f"{format_value(estimate)} {format_interval(estimate)}"


def format_number(number: float, places: int = 3) -> str:
    """Return a number with this many decimals and a true minus sign."""
    if not math.isfinite(number):
        return BLANK
    text = f"{number:.{places}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def format_small(number: float) -> str:
    """Return a number of any size with three significant digits, as in "3e-05"."""
    return f"{number:.3g}" if math.isfinite(number) else BLANK


def format_count(count: int) -> str:
    """Return a whole number with a thin space between thousands."""
    return f"{count:,}".replace(",", "\u202f")


def format_time(created: str) -> str:
    """Return an ISO 8601 time as in "2026-11-23 10:12 UTC+01:00"."""
    return datetime.fromisoformat(created).strftime("%Y-%m-%d %H:%M %Z")


def format_share(share: float) -> str:
    """Return a share in [0, 1] in whole percent, with one decimal below 10 %."""
    if not math.isfinite(share):
        return BLANK
    places = 1 if 0 < share < 0.1 else 0
    return f"{100 * share:.{places}f}\u202f%"
