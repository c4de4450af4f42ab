"""From a logit to a probability and a decision, by rules that the tuning part fixed.

The rules stand on a bundle's card and are applied by the same functions in testing and
in `predict`: numpy only, no fitting here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tumorscope.domain.spec import Spec

LABELS = ("no_tumor", "tumor")
MAX_LOGIT = 500.0

Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
ReferWhen = Literal["either", "set", "confidence", "never"]


class OperatingTarget(Spec):
    """The rate on the tuning part that an operating threshold is fixed for."""

    rate: Literal["specificity", "sensitivity"]
    """Share of tumor-free slices not above it, or of tumor slices above it."""
    value: Annotated[float, Field(gt=0, lt=1)]
    """Wanted rate, in (0, 1)."""

    def __str__(self) -> str:
        """Return the target in words, as in "a specificity of 0.95"."""
        return f"a {self.rate} of {self.value:g}"


class LogitCalibration(Spec):
    """A straight line through the logits: probability = 1 / (1 + exp(-(a z + b)))."""

    method: Literal["none", "temperature", "platt"] = "none"
    """`none`: a = 1, b = 0. `temperature`: b = 0 and 1 / a is the temperature (Guo et al.
    2017). `platt`: both (Platt 1999)."""
    slope: Annotated[float, Field(gt=0)] = 1.0
    """a, the inverse temperature."""
    intercept: float = 0.0
    """b, in logits."""
    tune_slices: Count = 0
    """Tuning slices that fixed it; 0 where nothing was fitted."""
    tune_patients: Count = 0
    """Patients (or groups) that these slices come from."""
    log_loss_raw: float | None = None
    """Log loss of the raw logits on the tuning part, each patient counting equally, in
    nats; None where nothing was fitted."""
    log_loss_left_out: float | None = None
    """The same after calibration, each patient calibrated by the other ones; None with a
    single patient."""


class ConformalLevel(Spec):
    """Which labels stay in the set of possible ones at one level."""

    level: Annotated[float, Field(gt=0, lt=1)]
    """For each true label, the share of new patients' slices whose set holds it."""
    largest_score: tuple[Probability | None, Probability | None]
    """For no_tumor and tumor: the label stays while 1 - its probability is at most this.
    None: too few patients for a promise, so that the label always stays."""

    @property
    def is_promised(self) -> bool:
        """Whether both labels have enough patients for this level."""
        return None not in self.largest_score


class ConformalSets(Spec):
    """Sets of possible labels that hold the true one at a promised rate."""

    patients: tuple[Count, Count] = (0, 0)
    """Tuning patients (or groups) with slices of no_tumor and of tumor."""
    slices: tuple[Count, Count] = (0, 0)
    """Tuning slices of no_tumor and of tumor."""
    levels: tuple[ConformalLevel, ...] = ()
    """Wanted levels, rising."""
    deciding: ConformalLevel | None = None
    """The level whose sets decide on a referral: the highest wanted one that can be
    promised, else the highest that can be promised at all; None where none can."""

    @property
    def known_levels(self) -> tuple[ConformalLevel, ...]:
        """The wanted levels and the deciding one, rising."""
        found = {one.level: one for one in self.levels}
        if self.deciding is not None:
            found[self.deciding.level] = self.deciding
        return tuple(found[level] for level in sorted(found))


class ReferralRule(Spec):
    """When a slice is referred to a reader instead of being decided."""

    refer_when: ReferWhen = "never"
    """`set`: the conformal set does not hold exactly the label of the threshold.
    `confidence`: the confidence max(p, 1 - p) is below the cut. `either`, `never`."""
    confidence_cut: Probability = 0.0
    """Smallest confidence that is decided; 0 decides all."""
    target_coverage: Probability = 1.0
    """Share of the tuning slices that the cut was fixed to decide."""
    tune_slices: Count = 0
    """Tuning slices that fixed the cut."""
    tune_patients: Count = 0
    """Patients (or groups) that these slices come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What is decided on some slices, and why some are referred.

    Attributes:
        is_above: Shape (slices,), bool, probability strictly above the threshold.
        in_set: Shape (slices, 2), bool, whether no_tumor and tumor stay possible at the
            deciding level; all true where no level can be promised.
        is_ambiguous: Shape (slices,), bool, both labels stay possible, or none does.
        is_contradicted: Shape (slices,), bool, the only label left is not the one of the
            threshold.
        is_unsure: Shape (slices,), bool, the confidence is below the cut.
        is_referred: Shape (slices,), bool, what the referral rule makes of these.
    """

    is_above: NDArray[np.bool_]
    in_set: NDArray[np.bool_]
    is_ambiguous: NDArray[np.bool_]
    is_contradicted: NDArray[np.bool_]
    is_unsure: NDArray[np.bool_]
    is_referred: NDArray[np.bool_]


def calibrate(
    logit: NDArray[np.float64], calibration: LogitCalibration
) -> NDArray[np.float64]:
    """Return tumor_probability of raw logits.

    Args:
        logit: Any shape, tumor minus no tumor.
        calibration: The line that the tuning part fixed.

    Returns:
        Same shape, in [0, 1]. The order of the slices never changes, but logits that
        differ may meet at 0 or 1.

    References:
        Guo et al. (2017), ICML, section 4.2; Platt (1999), Advances in Large Margin
        Classifiers, equation 2.
    """
    line = calibration.slope * logit + calibration.intercept
    return 1 / (1 + np.exp(-np.clip(line, -MAX_LOGIT, MAX_LOGIT)))


def confidence(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return max(p, 1 - p), in [0.5, 1], of tumor probabilities of any shape."""
    return np.maximum(probability, 1 - probability)


def possible_labels(
    probability: NDArray[np.float64], level: ConformalLevel
) -> NDArray[np.bool_]:
    """Return which labels stay possible at a level.

    Args:
        probability: Shape (slices,), tumor_probability.
        level: Largest scores of both labels.

    Returns:
        Shape (slices, 2), bool, for no_tumor and tumor.
    """
    scores = np.stack([probability, 1 - probability], axis=1)  # 1 - p(label)
    cuts = [np.inf if one is None else one for one in level.largest_score]
    return scores <= np.array(cuts)


def decide(
    probability: NDArray[np.float64],
    *,
    threshold_probability: NDArray[np.float64] | float,
    conformal: ConformalSets,
    referral: ReferralRule,
) -> Decisions:
    """Decide on slices, or refer them.

    Args:
        probability: Shape (slices,), tumor_probability.
        threshold_probability: The operating threshold.
        conformal: Sets of possible labels; without a deciding level they refer nothing.
        referral: Which findings lead to a referral.

    Returns:
        Decisions in the order of the slices.
    """
    above = np.asarray(probability > threshold_probability)
    deciding = conformal.deciding
    if deciding is None:
        in_set = np.ones((len(probability), 2), dtype=bool)
        ambiguous = contradicted = np.zeros(len(probability), dtype=bool)
    else:
        in_set = possible_labels(probability, deciding)
        ambiguous = in_set[:, 0] == in_set[:, 1]
        contradicted = ~ambiguous & (in_set[:, 1] != above)
    unsure = confidence(probability) < referral.confidence_cut
    by_set = referral.refer_when in {"either", "set"}
    by_confidence = referral.refer_when in {"either", "confidence"}
    return Decisions(
        is_above=above,
        in_set=in_set,
        is_ambiguous=ambiguous,
        is_contradicted=contradicted,
        is_unsure=unsure,
        is_referred=(by_set & (ambiguous | contradicted)) | (by_confidence & unsure),
    )
