"""Net benefit, averaged over the repeats of a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.estimation.resampling import PatientDraws
from tumorscope.evaluation.decision_curve import (
    DECISION_THRESHOLDS,
    DecisionCurve,
    NetBenefit,
    estimate_benefit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedRival:
    """What the model is compared with.

    Attributes:
        name: Name of the method.
        probabilities: Shape (repeats, slices), in [0, 1], in the order of the repeats.
    """

    name: str
    probabilities: NDArray[np.float64]


def average_benefit(
    tables: Sequence[pd.DataFrame],
    draws: PatientDraws,
    rival: RepeatedRival | None = None,
) -> DecisionCurve:
    """Estimate the net benefit of the model and of what it is compared with.

    The repeats test the same slices, so that the mean of their net benefits is, in every
    draw, the net benefit of the slices' mean gains.

    Args:
        tables: Aligned repeats.
        draws: Draws of their patients; every comparison is paired by draw.
        rival: The best simple method, if any was run.
    """
    labels = tables[0]["label"].to_numpy(dtype=np.int64)
    own = np.stack(
        [table["tumor_probability"].to_numpy(dtype=np.float64) for table in tables]
    )  # (repeats, slices)
    return DecisionCurve(
        points=tuple(
            _average_point(threshold, labels, (own, rival), draws)
            for threshold in DECISION_THRESHOLDS
        ),
        rival="" if rival is None else rival.name,
    )


def _average_point(
    threshold: float,
    labels: NDArray[np.int64],
    scores: tuple[NDArray[np.float64], RepeatedRival | None],
    draws: PatientDraws,
) -> NetBenefit:
    gain = np.where(labels == 1, 1.0, -threshold / (1 - threshold))
    own, rival = scores
    model = gain * (own > threshold).mean(axis=0)
    columns = {
        "net_benefit": model,
        "net_benefit_treat_all": gain,
        "net_benefit_over_all": model - gain,
    }
    if rival is not None:
        other = gain * (rival.probabilities > threshold).mean(axis=0)
        columns["net_benefit_rival"] = other
        columns["net_benefit_over_rival"] = model - other
    return estimate_benefit(threshold, columns, draws)
