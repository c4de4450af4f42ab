"""Whether a model trained for fairness is better where it was meant to be, at what cost.

Training methods that promise fairness rarely beat plain training once they are compared on
equal terms, so that one is accepted by a rule that was written down before the comparison:
the worst group's AUROC rises by at least 0.01, and the overall AUROC falls by at most 0.003.

References:
    Zong, Yang and Hospedales (2023), MEDFAIR, ICLR (eleven methods on ten sets, none
    significantly better than plain training).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking, summarize
from tumorscope.estimation.metrics import Ranking, rank_slices
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.fairness.attributes import GroupAttribute, assign_patients
from tumorscope.evaluation.measurement import ONE_CLASS

Verdict = Literal["accepted", "undecided", "rejected", "cannot be assessed"]
_SLICE = ["image", "frame"]
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure before and after, on the same patients and the same draws.

    Attributes:
        name: What it is a figure of.
        before: Of the model without mitigation.
        after: Of the model with it.
        difference: After minus before, paired by draw.
    """

    name: str
    before: MetricEstimate
    after: MetricEstimate
    difference: MetricEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class MitigationVerdict:
    """What came of a mitigation.

    Attributes:
        verdict: "accepted": both limits are met, and the interval of the worst group's
            gain lies above zero. "undecided": both are met, but that interval holds zero.
            "rejected": a limit is missed.
        sentence: The verdict with its numbers, for a reader.
        overall: AUROC of all slices.
        worst: The lowest AUROC among groups with enough patients; which group that is may
            differ before and after, and from draw to draw.
        worst_before: Group with the lowest AUROC before.
        worst_after: The same, after.
        groups: AUROC of every group that entered.
        smallest_gain: Limit of the worst group's gain.
        largest_loss: Limit of the overall loss.
    """

    verdict: Verdict
    sentence: str
    overall: Change
    worst: Change
    worst_before: str
    worst_after: str
    groups: tuple[Change, ...]
    smallest_gain: float
    largest_loss: float


def judge_mitigation(
    before: Predictions,
    after: Predictions,
    known: pd.DataFrame,
    spec: FairnessSpec,
    *,
    evaluate: EvaluateSpec,
    grouping: Grouping,
) -> MitigationVerdict:
    """Compare a model with mitigation to one without, and apply the rule.

    The gain is judged by its value and by its interval, the loss by its value: an interval
    no wider than 0.003 would take far more patients than any public set has, so that a
    rule on its lower end could never accept anything. It is printed beside.

    Args:
        before: Scores without mitigation.
        after: Scores of the same slices with it.
        known: Rows of the manifest for `evaluated_rows(before)`, in its order.
        spec: Groups and limits.
        evaluate: Draws, level and seed.
        grouping: What `group` holds.

    Returns:
        The verdict.

    Raises:
        DataError: If the two did not score the same slices with the same labels.
    """
    first = evaluated_rows(before).reset_index(drop=True)
    second = _same_slices(first, evaluated_rows(after))
    draws = draw_patients(first["group"], first["site"], evaluate, grouping=grouping)
    members = _members(
        [assign_patients(text, known, draws) for text in spec.groups], spec
    )
    labels = first["label"].to_numpy(dtype=np.int64)
    rankings = [
        rank_slices(labels, one["tumor_probability"].to_numpy(dtype=np.float64))
        for one in (first, second)
    ]
    everyone = np.ones(draws.n_patients, dtype=bool)
    overall = _change("all slices", *_samples(rankings, everyone, draws), draws)
    pairs = {
        name: _samples(rankings, inside, draws)
        for name, inside in members.items()
        if _has_both_classes(labels, inside[draws.patient_of_slice])
    }
    worst, names = _worst(pairs, draws, least=spec.min_patients_firm)
    verdict, sentence = _decide(overall, worst, spec)
    return MitigationVerdict(
        verdict=verdict,
        sentence=sentence,
        overall=overall,
        worst=worst,
        worst_before=names[0],
        worst_after=names[1],
        groups=tuple(_change(name, *pair, draws) for name, pair in pairs.items()),
        smallest_gain=spec.smallest_gain,
        largest_loss=spec.largest_loss,
    )


def _same_slices(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the second rows in the order of the first."""
    numbered = first[_SLICE].assign(place=np.arange(len(first)))
    merged = second.merge(numbered, on=_SLICE, how="inner")
    ordered = merged.sort_values("place", ignore_index=True)
    if not len(ordered) == len(first) == len(second):
        raise DataError(
            f"the runs scored {len(first)} and {len(second)} slices, {len(ordered)} of "
            "them the same: a mitigation is judged on the same test slices; train it on "
            "the same split"
        )
    differs = (ordered["label"] != first["label"]) | (
        ordered["group"] != first["group"]
    )
    if differs.any():
        raise DataError(
            f"{int(differs.sum())} slices have another label or patient in the second run "
            f"(first: {first.loc[differs, 'image'].iat[0]}): prepare both from one source"
        )
    return ordered


def _members(
    attributes: Sequence[GroupAttribute], spec: FairnessSpec
) -> dict[str, NDArray[np.bool_]]:
    return {
        f"{one.name}: {group}": one.group_of_patient == number
        for one in attributes
        if not one.reason
        for number, group in enumerate(one.groups)
        if one.sizes[number] >= spec.min_patients_firm
    }


def _has_both_classes(labels: NDArray[np.int64], rows: NDArray[np.bool_]) -> bool:
    return len(np.unique(labels[rows])) == 2


def _samples(
    rankings: Sequence[Ranking], members: NDArray[np.bool_], draws: PatientDraws
) -> tuple[MetricSamples, MetricSamples]:
    own = replace(draws, counts=draws.counts * members)
    before, after = (
        MetricSamples(
            name="auroc",
            values=sample_ranking(ranking, own)[0],
            entered=members[draws.patient_of_slice],
            reason=ONE_CLASS,
            is_share=True,
        )
        for ranking in rankings
    )
    return before, after


def _change(
    name: str, before: MetricSamples, after: MetricSamples, draws: PatientDraws
) -> Change:
    difference = replace(
        before, name="difference", values=after.values - before.values, is_share=False
    )
    found = summarize([before, replace(after, name="after"), difference], draws)
    return Change(
        name=name,
        before=found["auroc"],
        after=replace(found["after"], name="auroc"),
        difference=found["difference"],
    )


def _worst(
    pairs: dict[str, tuple[MetricSamples, MetricSamples]],
    draws: PatientDraws,
    *,
    least: int,
) -> tuple[Change, tuple[str, str]]:
    name = "worst group"
    if not pairs:
        blank = MetricSamples(
            name="auroc",
            values=np.full(len(draws.counts), np.nan),
            entered=np.ones(len(draws.patient_of_slice), dtype=bool),
            reason=f"no group has at least {least} patients and slices of both classes",
        )
        return _change(name, blank, blank, draws), ("", "")
    entered = np.logical_or.reduce([one.entered for one, _ in pairs.values()])
    lowest, names = [], []
    for side in (0, 1):
        values = np.stack([pair[side].values for pair in pairs.values()])
        names.append(list(pairs)[int(values[:, 0].argmin())])
        lowest.append(
            MetricSamples(
                name="auroc",
                values=values.min(axis=0),
                entered=entered,
                reason=ONE_CLASS,
                is_share=True,
            )
        )
    before, after = lowest
    return _change(name, before, after, draws), (names[0], names[1])


def _decide(overall: Change, worst: Change, spec: FairnessSpec) -> tuple[Verdict, str]:
    gain, cost = worst.difference, overall.difference
    reason = gain.reason or cost.reason
    if reason:
        return "cannot be assessed", f"cannot be assessed: {reason}"
    rule = (
        f"the rule asks for at least +{spec.smallest_gain:g} in the worst group and at "
        f"least {-spec.largest_loss:g} overall"
    )
    numbers = (
        f"AUROC of the worst group changes by {gain.value:+.3f} [{gain.low:.3f}, "
        f"{gain.high:.3f}], of all slices by {cost.value:+.3f} [{cost.low:.3f}, "
        f"{cost.high:.3f}], {gain.n_patients} {_unit(gain)}, same draws; {rule}"
    )
    falls_short = gain.value < spec.smallest_gain - _ROUNDING
    costs_too_much = cost.value < -spec.largest_loss - _ROUNDING
    if falls_short or costs_too_much:
        return "rejected", f"rejected: {numbers}."
    if math.isfinite(gain.low) and gain.low > 0:
        return "accepted", f"accepted: {numbers}."
    return "undecided", (
        f"undecided: {numbers}. Both limits are met, but the interval of the gain holds "
        "zero: these patients cannot tell it from chance, and it is not accepted."
    )


def _unit(estimate: MetricEstimate) -> str:
    return estimate.resampled.partition(" within ")[0]
