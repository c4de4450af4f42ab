"""A reported number: never without its interval and its n."""

from __future__ import annotations

import math
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
