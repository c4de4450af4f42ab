"""The figures of a group: one function from "how often each patient counts" to a value.

The same function serves a group (its patients count once), a bootstrap draw of it (as often
as drawn) and a shuffling of the labels (other patients count once), so that interval and
null are those of the very figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking
from tumorscope.estimation.metrics import rank_slices
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decisions import (
    NO_TUMOR,
    NO_TUMOR_FREE,
    Decision,
    ranked_decision,
    sample_above,
    tuned_decision,
)
from tumorscope.evaluation.fairness.group_calibration import (
    CalibrationSums,
    debiased_error,
)
from tumorscope.evaluation.fairness.scores import ScoredSlices
from tumorscope.evaluation.measurement import ONE_CLASS

NO_LOCALIZATION = "no map was scored: run `tumorscope explain` on slices with masks"
Sample = Callable[[PatientDraws], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Cuts that all slices together fix, one for each row of `PatientDraws.counts`.

    Attributes:
        ranked: Slices above t95.
        tuned: Slices above the threshold that their fold fixed.
        abstained: Slices that are not among the most confident ones.
    """

    ranked: Decision
    tuned: Decision
    abstained: Decision

    def held_fixed(self, rows: int) -> Cuts:
        """Return the cuts of the set as it is, for this many rows of shuffled labels."""
        fixed = (
            replace(one, cuts=np.full(rows, one.cuts[0]))
            for one in (self.ranked, self.tuned, self.abstained)
        )
        ranked, tuned, abstained = fixed
        return Cuts(ranked=ranked, tuned=tuned, abstained=abstained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of a group.

    Attributes:
        name: Name of the figure.
        sample: Takes draws whose `counts` say how often each patient counts to a value
            for each row, NaN where the figure is undefined.
        entered: Shape (slices,), bool, slices that the figure looks at.
        reason: Why it is undefined where it is.
        is_share: Whether its interval is that of a share. A difference cut off at zero is
            none.
    """

    name: str
    sample: Sample
    entered: NDArray[np.bool_]
    reason: str
    is_share: bool = True

    def of_group(
        self, members: NDArray[np.bool_], draws: PatientDraws
    ) -> MetricSamples:
        """Return the figure of a group, in the set as it is and in every draw.

        Args:
            members: Shape (patients,), bool.
            draws: Draws of all patients.
        """
        return MetricSamples(
            name=self.name,
            values=self.sample(replace(draws, counts=draws.counts * members)),
            entered=self.entered & members[draws.patient_of_slice],
            reason=self.reason,
            is_share=self.is_share,
        )


def find_cuts(scored: ScoredSlices, *, coverage: float) -> Cuts:
    """Fix the cuts on all slices together, anew in each draw.

    Args:
        scored: The slices.
        coverage: Share of slices that is decided.
    """
    draws = scored.draws
    return Cuts(
        ranked=ranked_decision(scored.labels, scored.scores, draws),
        tuned=tuned_decision(scored.table, draws),
        abstained=abstained_decision(scored.scores, draws, coverage=coverage),
    )


def abstained_decision(
    scores: NDArray[np.float64], draws: PatientDraws, *, coverage: float
) -> Decision:
    """Return which slices are left undecided when a share of all is decided.

    Args:
        scores: Shape (slices,), tumor_probability.
        draws: The draws.
        coverage: Share of slices that is decided, the most confident first.

    Returns:
        The decision named "abstained", on margins 0.5 - max(p, 1 - p). A slice is above
        its cut when its confidence is below that of the floor(coverage * n)-th most
        confident slice; slices that tie with that one are decided.
    """
    margins = 0.5 - np.maximum(scores, 1 - scores)
    order = np.argsort(margins, kind="stable")
    cuts = []
    for weights in draws.slice_weights(order):
        sums = np.cumsum(weights, axis=1)
        # The small term keeps 0.9 * 10 from falling below 9 by rounding.
        wanted = np.maximum(1, np.floor(coverage * sums[:, -1] + 1e-9))
        cuts.append(margins[order][np.argmax(sums >= wanted[:, None], axis=1)])
    return Decision(name="abstained", margins=margins, cuts=np.concatenate(cuts))


def make_measures(
    scored: ScoredSlices, cuts: Cuts, sums: CalibrationSums
) -> tuple[Measure, ...]:
    """Return the figures that groups are compared by.

    Args:
        scored: The slices.
        cuts: With as many rows as the draws that the figures will be sampled with.
        sums: From `sum_calibration` of the same slices.
    """
    labels, scores = scored.labels, scored.scores
    tumor, free, every = labels == 1, labels == 0, np.ones(len(labels), dtype=bool)
    ranking = rank_slices(labels, scores)
    measures = [
        Measure(
            name="auroc",
            sample=lambda draws: sample_ranking(ranking, draws)[0],
            entered=every,
            reason=ONE_CLASS,
        ),
        share_above("sensitivity_at_t95", cuts.ranked, tumor, NO_TUMOR),
        share_above("false_positive_rate_at_t95", cuts.ranked, free, NO_TUMOR_FREE),
        share_above("sensitivity", cuts.tuned, tumor, NO_TUMOR),
        share_above("false_positive_rate", cuts.tuned, free, NO_TUMOR_FREE),
        Measure(
            name="debiased_ece",
            sample=lambda draws: debiased_error(sums, draws.counts),
            entered=every,
            reason="no slices",
            is_share=False,
        ),
        _mean("brier", (scores - labels) ** 2, "no slices"),
        share_above("abstained", cuts.abstained, every, "no slices"),
    ]
    optional = (
        ("referred", scored.referred, "these scores come without a rule of referral"),
        ("localization", scored.localization, NO_LOCALIZATION),
    )
    for name, values, reason in optional:
        known = np.full(len(labels), np.nan) if values is None else values.astype(float)
        measures.append(_mean(name, known, reason))
    return tuple(measures)


def share_above(
    name: str, decision: Decision, entered: NDArray[np.bool_], reason: str
) -> Measure:
    """Return the share of some slices that are above the cut."""
    return Measure(
        name=name,
        sample=lambda draws: sample_above(decision, entered, draws),
        entered=entered,
        reason=decision.reason or reason,
    )


def _mean(name: str, values: NDArray[np.float64], reason: str) -> Measure:
    entered = ~np.isnan(values)
    pair = np.stack([np.where(entered, values, 0.0), entered], axis=1)

    def sample(draws: PatientDraws) -> NDArray[np.float64]:
        sums = draws.counts @ draws.sum_by_patient(pair)
        mean = np.full(len(sums), np.nan)
        return np.divide(sums[:, 0], sums[:, 1], out=mean, where=sums[:, 1] > 0)

    return Measure(name=name, sample=sample, entered=entered, reason=reason)
