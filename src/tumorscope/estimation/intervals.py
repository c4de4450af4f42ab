"""What the bootstrap draws of a figure say of its uncertainty.

The plain percentiles of the draws are too narrow for few patients: n draws out of n patients
have (n - 1) / n of the variance, and the normal distribution stands in for Student's. What
is worse, a lucky set of few patients shows a high figure *and* a small spread, so that the
interval misses a truth that is less good far more often than one that is better.
`benchmarks/interval_coverage.py` counts both kinds of misses, from 4 patients to 110. The
interval goes by the kind of figure:

- a *share*, which lies in [0, 1] by definition (AUROC, sensitivity, Brier score, ...). The
  end towards 0.5 is a score bound: it is where the figure would be just as far off as the
  spread *there* allows, the spread growing as (p (1 - p)) ^ 0.75 on the way. That is half way
  between a binomial share (power 1/2) and a constant spread on the logit scale (power 1). The
  end away from 0.5 is that of a t interval on the logit scale (delta method);
- a share that is exactly 0 or 1: every draw says the same, yet n patients prove little. If
  the true share is p, then a patient is wholly right with a probability of p at most (Markov),
  and n of n with p^n at most: the other end is where that reaches half of 1 - level, the
  bound of Clopper and Pearson for n patients;
- any other figure (a coefficient, a difference, a count, log loss): a t interval around the
  figure. Percentiles, however far out, end at the extreme draws, which are too near for a
  dozen patients, and they repeat the bias of a coefficient.

All spreads are the standard deviation of the draws, widened by sqrt(n / (n - strata)), and
go with Student's t of n - strata. What is left undone: the difference of two AUROCs of
strong models is skewed, and up to 20 patients its interval holds the truth in 81 to 90 of
100 cohorts only. Below `FEWEST_PATIENTS` no interval is to be trusted.
`percentile_interval` is the plain method, for comparison.

References:
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.2
    (studentized and transformed intervals); Wilson (1927), JASA 22:209-212, and Newcombe
    (2006), Statistics in Medicine 25:559-573 (score intervals of a share and of the AUROC);
    Hesterberg (2015), The American Statistician 69:371-386 (narrowness of percentiles).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import t

FEWEST_PATIENTS = 6
"""With fewer patients the interval of a simulated sensitivity spans half of all possible
values, and that of a difference misses the truth in up to 1 of 5 cohorts."""
SPREAD_POWER = 0.75
"""How the spread of a share p grows towards 0.5: as (p (1 - p)) to this power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What an interval is made of, beside the draws.

    Attributes:
        n_patients: Patients (or groups) that entered, at least 2.
        strata: Strata within which they were drawn.
        level: Confidence level, in (0, 1).
    """

    n_patients: int
    strata: int
    level: float

    @property
    def deviations(self) -> float:
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


def share_interval(
    value: float, drawn: NDArray[np.float64], spread: Spread
) -> tuple[float, float]:
    """Return the interval of a share: a score bound inwards, a logit bound outwards.

    Args:
        value: The share on the set as it is, in [0, 1].
        drawn: Shape (draws,), the share in every draw, none NaN.
        spread: Patients, strata and level.

    Returns:
        The ends, in [0, 1] and around `value`.
    """
    if value in (0, 1):
        return end_interval(value, spread)
    reach = spread.deviations * float(drawn.std())
    upper = max(value, 1 - value)
    inward, outward = _score_bound(upper, reach), _logit_bound(upper, reach)
    return (inward, outward) if value >= 0.5 else (1 - outward, 1 - inward)


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
    reach = spread.deviations * float(drawn.std())
    return value - reach, value + reach


def _score_bound(value: float, reach: float) -> float:
    """Return the lowest share from which `value` is no farther than the reach there."""

    def excess(share: float) -> float:
        growth = share * (1 - share) / (value * (1 - value))
        return value - share - reach * growth**SPREAD_POWER

    # Convex, positive at 0 and not positive at the value: there is one root.
    return float(brentq(excess, 0.0, value))


def _logit_bound(value: float, reach: float) -> float:
    center = math.log(value / (1 - value))
    # Written without exp of a large number, which would overflow.
    return 0.5 * (1 + math.tanh((center + reach / (value * (1 - value))) / 2))
