"""What the bootstrap draws of a figure say of its uncertainty.

The plain percentiles of the draws are too narrow for few patients: n draws out of n patients
have (n - 1) / n of the variance, and the normal distribution stands in for Student's.
`benchmarks/interval_coverage.py` counts how often such intervals hold the truth. So the
interval goes by the kind of figure:

- a *share*, which lies in [0, 1] by definition (AUROC, sensitivity, Brier score, ...): a t
  interval on the logit scale, where its distribution is nearly symmetric, with the standard
  deviation of the draws widened by sqrt(n / (n - strata));
- a share that is exactly 0 or 1: every draw says the same, yet n patients prove little. If
  the true share is p, then a patient is wholly right with a probability of p at most (Markov),
  and n of n with p^n at most: the other end is where that reaches half of 1 - level, the
  bound of Clopper and Pearson for n patients;
- a coefficient (calibration slope and intercept), whose draws are skewed to the side of their
  bias, so that percentiles would repeat the bias: a t interval around the figure;
- any other figure (differences, log loss): percentiles of the draws, further out by the same
  factor and Student's quantile ("expanded percentile interval").

Apart from the exact bound they become the plain percentiles as n grows.
`percentile_interval` is the plain method.

References:
    Davison and Hinkley (1997), Bootstrap Methods and their Application, sections 5.2 and 5.3
    (transformed and percentile intervals); Hesterberg (2015), The American Statistician
    69:371-386 (narrowness of percentiles; t and expanded percentile intervals).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What an interval is made of, beside the draws.

    Attributes:
        n_patients: Patients (or groups) that entered, at least 2.
        strata: Strata within which they were drawn.
        level: Confidence level, in (0, 1).
        resolution: Half of what one slice weighs: draws of a share count as at least this
            far from 0 and from 1, as in an empirical logit.
    """

    n_patients: int
    strata: int
    level: float
    resolution: float = 1e-6

    @property
    def normal_units(self) -> float:
        """How many standard deviations of the draws the interval reaches to one side."""
        freedom = max(1, self.n_patients - self.strata)
        narrowness = math.sqrt(max(self.n_patients, freedom + 1) / freedom)
        return narrowness * float(t.isf((1 - self.level) / 2, freedom))


def percentile_interval(
    drawn: NDArray[np.float64], *, level: float
) -> tuple[float, float]:
    """Return the plain percentile interval, which is too narrow for few patients.

    Args:
        drawn: Shape (draws,), the figure in every draw, none NaN.
        level: Confidence level, in (0, 1).
    """
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def expanded_interval(
    drawn: NDArray[np.float64], spread: Spread
) -> tuple[float, float]:
    """Return percentiles of the draws that lie further out, as few patients need it.

    Args:
        drawn: Shape (draws,), the figure in every draw, none NaN.
        spread: Patients, strata and level.

    Returns:
        The ends, never beyond the lowest and the highest draw.
    """
    tail = float(norm.sf(spread.normal_units))
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def logit_interval(
    value: float, drawn: NDArray[np.float64], spread: Spread
) -> tuple[float, float]:
    """Return a t interval around the logit of a share, mapped back.

    Args:
        value: The share on the set as it is, inside (0, 1).
        drawn: Shape (draws,), the share in every draw, none NaN.
        spread: Patients, strata, level and resolution.

    Returns:
        The ends, inside (0, 1) and around `value`.
    """
    # Not coarser than the figure itself: else all draws could end on one value.
    closest = min(spread.resolution, value / 2, (1 - value) / 2)
    inside = np.clip(drawn, closest, 1 - closest)
    deviation = float(np.log(inside / (1 - inside)).std())
    center, reach = math.log(value / (1 - value)), spread.normal_units * deviation
    low, high = (
        # Written without exp of a large number, which would overflow.
        0.5 * (1 + math.tanh((center + side * reach) / 2))
        for side in (-1, 1)
    )
    return low, high


def end_interval(value: float, spread: Spread) -> tuple[float, float]:
    """Return the interval of a share of exactly 0 or 1, from the number of patients.

    Args:
        value: 0 or 1.
        spread: Patients and level.
    """
    reach = ((1 - spread.level) / 2) ** (1 / spread.n_patients)
    return (reach, 1.0) if value == 1 else (0.0, 1 - reach)


def t_interval(
    value: float, drawn: NDArray[np.float64], spread: Spread
) -> tuple[float, float]:
    """Return a t interval around a figure, with the standard deviation of the draws.

    Args:
        value: The figure on the set as it is.
        drawn: Shape (draws,), the figure in every draw, none NaN.
        spread: Patients, strata and level.
    """
    reach = spread.normal_units * float(drawn.std())
    return value - reach, value + reach
