"""How many test slices the gate flags or refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import draw_patients
from tumorscope.input_gate.judging import GateOutcome

RATES = {
    "flagged": "no slice was tested",
    "refused": "no slice was tested",
    "stopped_no_tumor": "no tumor-free slice was tested",
    "stopped_tumor": "no tumor slice was tested",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedSlice:
    """A test slice that is not simply accepted.

    Attributes:
        image: Its file, relative to the source.
        outcome: "flag" or "refuse".
        reasons: Why.
    """

    image: str
    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What the gate did to the tested slices.

    Attributes:
        rules: The gate of each fold in words.
        rates: Shares flagged and refused; `stopped_*` are flagged or refused slices of
            one label.
        reasons: How often each reason's first words occurred, most frequent first.
        stopped: The slices, in their order.
    """

    rules: tuple[str, ...]
    rates: MetricSet
    reasons: tuple[tuple[str, int], ...]
    stopped: tuple[StoppedSlice, ...]


def report_gate(
    table: pd.DataFrame,
    outcomes: Sequence[GateOutcome],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
    rules: Sequence[str],
) -> GateReport:
    """Count what the gate did to tested slices, with intervals over patients.

    Args:
        table: Columns image, label, group and site; one row for each slice.
        outcomes: One for each row.
        spec: Draws, level and seed.
        grouping: What a group is.
        rules: The gate of each fold in words.
    """
    label = table["label"].to_numpy(dtype=np.int64)
    flagged = np.array([one.outcome == "flag" for one in outcomes], dtype=np.float64)
    refused = np.array([one.outcome == "refuse" for one in outcomes], dtype=np.float64)
    stopped, every = flagged + refused, np.ones(len(label))
    terms = RatioTerms(
        names=tuple(RATES),
        numerator=np.stack(
            [flagged, refused, stopped * (label == 0), stopped * (label == 1)], axis=1
        ),
        denominator=np.stack([every, every, label == 0, label == 1], axis=1).astype(
            np.float64
        ),
    )
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    samples = sample_ratios(terms, draws, reasons=RATES, shares=tuple(RATES))
    counts = Counter(
        reason.partition(":")[0] for one in outcomes for reason in one.reasons
    )
    return GateReport(
        rules=tuple(dict.fromkeys(rules)),
        rates=summarize(samples, draws),
        reasons=tuple(counts.most_common()),
        stopped=tuple(
            StoppedSlice(image=str(image), outcome=one.outcome, reasons=one.reasons)
            for image, one in zip(table["image"], outcomes, strict=True)
            if one.outcome != "accept"
        ),
    )
