"""A reported number: never without its interval and its n."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tumorscope.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEstimate:
    """One figure with its interval.

    Attributes:
        name: Name of the metric, e.g. "auroc".
        value: The figure on all slices; NaN where it cannot be assessed.
        low: Lower end of the interval.
        high: Upper end of the interval.
        level: Confidence level of the interval, in (0, 1).
        n_slices: Slices that entered.
        n_patients: Patients (or groups) that entered and were resampled.
        resampled: What the bootstrap drew: "patients", or "near-duplicate groups".
        reason: Why the figure cannot be assessed; empty where it can.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n_slices: int
    n_patients: int
    resampled: str
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a number without n, and a blank without a reason."""
        if math.isnan(self.value) != bool(self.reason):
            raise DataError(
                f"{self.name}: a figure needs a value, or the reason why there is none"
            )
        if not self.reason and min(self.n_slices, self.n_patients) < 1:
            raise DataError(
                f"{self.name}: a figure needs slices and patients; found "
                f"{self.n_slices} and {self.n_patients}"
            )
        if not 0 < self.level < 1:
            raise DataError(f"{self.name}: level {self.level:g} is outside (0, 1)")

    def __str__(self) -> str:
        """Return the figure as it is printed: value [low, high]."""
        if self.reason:
            return f"cannot be assessed: {self.reason}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSet:
    """Figures that were estimated from the same draws.

    Attributes:
        estimates: One for each metric; names are unique.
        draws_left_out: For each estimate, the bootstrap draws in which the metric was not
            defined (for instance one class only); they are left out of its interval.
    """

    estimates: tuple[MetricEstimate, ...]
    draws_left_out: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse repeated names and counts that do not match."""
        names = [estimate.name for estimate in self.estimates]
        if len(set(names)) != len(names) or len(names) != len(self.draws_left_out):
            raise DataError(
                f"metrics {names} need unique names and one count of left-out draws "
                f"each, not {len(self.draws_left_out)}"
            )

    def __getitem__(self, name: str) -> MetricEstimate:
        """Return the estimate of this name; a KeyError names the known ones."""
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        raise KeyError(f"{name}: known are {[each.name for each in self.estimates]}")

    def __iter__(self) -> Iterator[MetricEstimate]:
        """Iterate over the estimates in the order of the report."""
        return iter(self.estimates)

    def __add__(self, other: MetricSet) -> MetricSet:
        """Return both sets' figures, this set's first."""
        return MetricSet(
            estimates=self.estimates + other.estimates,
            draws_left_out=self.draws_left_out + other.draws_left_out,
        )
