"""From scores to an AUROC with its interval, and from weights to what was used."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.design import Design
from tumorscope.audit.shortcuts.results import UsedInput
from tumorscope.audit.shortcuts.scoring import RidgeFit
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.shortcut_spec import ShortcutSpec
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ranking, summarize
from tumorscope.estimation.metrics import rank_slices
from tumorscope.estimation.resampling import PatientDraws, draw_patients

AUROC = "auroc"
MOST_SHOWN = 3
ONE_CLASS = "one class only"


def draws_of(
    owner: NDArray[Any], site: pd.Series, spec: ShortcutSpec, grouping: Grouping
) -> PatientDraws:
    """Draw patients within their site.

    Args:
        owner: Shape (rows,), patient or group of each row.
        site: Shape (rows,), may be missing.
        spec: Number of draws, level and seed.
        grouping: What a group is.
    """
    wanted = EvaluateSpec(
        bootstrap_draws=spec.bootstrap_draws, level=spec.level, seed=spec.seed
    )
    return draw_patients(pd.Series(owner), site, wanted, grouping=grouping)


def estimate_auroc(
    scores: NDArray[np.float64],
    targets: NDArray[Any],
    draws: PatientDraws,
    *,
    n_slices: int,
) -> MetricEstimate:
    """Return the mean one-against-rest AUROC with its interval.

    Args:
        scores: Shape (rows, classes); one column for two classes.
        targets: Shape (rows, classes), 0 or 1.
        draws: Draws of the patients of the rows.
        n_slices: Slices that the rows were made from.
    """
    by_class = [
        sample_ranking(rank_slices(target.astype(np.int64), score), draws)[0]
        for target, score in zip(targets.T, scores.T, strict=True)
    ]
    samples = MetricSamples(
        name=AUROC,
        values=np.mean(by_class, axis=0),
        entered=np.ones(len(scores), dtype=bool),
        reason=ONE_CLASS,
        is_share=True,
    )
    return replace(summarize([samples], draws)[AUROC], n_slices=n_slices)


def no_auroc(
    reason: str, spec: ShortcutSpec, *, n_slices: int, n_patients: int
) -> MetricEstimate:
    """Return an AUROC that cannot be assessed, and why."""
    return MetricEstimate(
        name=AUROC,
        value=math.nan,
        low=math.nan,
        high=math.nan,
        level=spec.level,
        n_slices=n_slices,
        n_patients=n_patients,
        resampled="nothing",
        reason=reason,
    )


def most_used(design: Design, targets: NDArray[Any]) -> tuple[UsedInput, ...]:
    """Return the inputs with the largest weights of a fit on all rows.

    Args:
        design: Inputs of the probe.
        targets: Shape (rows, classes), 0 or 1.

    Returns:
        At most three, largest first; empty where no input varies.
    """
    weights = RidgeFit.of(design.matrix).weights(design.matrix, targets)
    by_input = np.bincount(
        design.source, np.abs(weights).sum(axis=1), minlength=len(design.names)
    )
    if by_input.sum() == 0:
        return ()
    shares = by_input / by_input.sum()
    order = np.argsort(-shares, kind="stable")[:MOST_SHOWN]
    return tuple(
        UsedInput(name=design.names[number], share=float(shares[number]))
        for number in order
        if shares[number] > 0
    )
