"""One of the few numbers on the first screen of a page."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.estimates import MetricEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineFigure:
    """One number, large.

    Attributes:
        label: Its name.
        estimate: The figure.
        note: What it rests on, in a few words.
    """

    label: str
    estimate: MetricEstimate
    note: str
