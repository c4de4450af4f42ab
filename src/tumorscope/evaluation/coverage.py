"""How often sets of possible labels hold the true one, on patients that fixed nothing.

Definition A2 of the project's evaluation: one random slice of each patient. Its mean over
endless drawing is computed instead of 200 draws: each patient weighs one, shared by the
patient's slices (of the class, for the coverage of a class).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.calibration import (
    LABELS,
    ConformalLevel,
    ConformalSets,
    LogitCalibration,
    possible_labels,
)
from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import MetricSamples, sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.conformal import fix_conformal_sets
from tumorscope.evaluation.rule_words import promise_reason
from tumorscope.evaluation.tuning_scores import TuningScores

LOGIT_CLIP = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFigures:
    """Sets of possible labels at one level.

    Attributes:
        level: The promised rate; where folds differ, the lowest.
        is_deciding: Whether these sets decide on referrals.
        metrics: coverage_no_tumor, coverage_tumor, one_label, both_labels, no_label; each
            carries a reason where a fold has too few patients for the level.
        by_site: Site and the same figures of its slices; empty where no site is known.
    """

    level: float
    is_deciding: bool
    metrics: MetricSet
    by_site: tuple[tuple[str, MetricSet], ...]


def measure_sets(
    table: pd.DataFrame,
    sets: Mapping[str, ConformalSets],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> tuple[SetFigures, ...]:
    """Estimate coverage and size of the sets at each wanted level and the deciding one.

    Args:
        table: Rows of `Predictions.table` with a label each.
        sets: The cuts of each fold, by its name; all folds want the same levels.
        spec: Draws, level of the intervals and seed.
        grouping: What the bootstrap draws.

    Returns:
        One for each level, rising.
    """
    deciding = {
        fold: each.deciding for fold, each in sets.items() if each.deciding is not None
    }
    wanted = zip(*(each.levels for each in sets.values()), strict=True)
    by_level = [dict(zip(sets, one, strict=True)) for one in wanted]
    if len(deciding) == len(sets) and deciding and deciding not in by_level:
        by_level.append(deciding)
    return tuple(
        _figures_of_level(table, one, sets, spec, grouping=grouping)
        for one in sorted(by_level, key=_lowest)
    )


def fix_sets_across_folds(
    table: pd.DataFrame, levels: Sequence[float]
) -> dict[str, ConformalSets]:
    """Fix the cuts of each fold on the tested slices of all other folds.

    A fold's tuning part has few patients; its training part has many, and their
    out-of-fold scores come from models that never saw them. Patients stay apart: those
    that fix a fold's cuts are not tested in it. The promise is then that of the recipe
    that trained the folds, not of a single bundle.

    Args:
        table: Tested rows of `Predictions.table`, two or more folds.
        levels: Wanted levels.

    Returns:
        Cuts by fold, for `measure_sets`; empty with a single fold.
    """
    folds = sorted(table["fold"].unique())
    if len(folds) < 2:
        return {}
    probability = table["tumor_probability"].to_numpy(dtype=np.float64)
    clipped = np.clip(probability, LOGIT_CLIP, 1 - LOGIT_CLIP)
    scores = TuningScores.from_owners(
        np.log(clipped / (1 - clipped)),
        table["label"].to_numpy(dtype=np.int64),
        table["group"].to_numpy(dtype=object),
    )
    fold = table["fold"].to_numpy(dtype=object)
    return {
        str(name): fix_conformal_sets(
            scores.rows(fold != name), LogitCalibration(), levels=levels
        )
        for name in folds
    }


def _figures_of_level(
    table: pd.DataFrame,
    levels: Mapping[str, ConformalLevel],
    sets: Mapping[str, ConformalSets],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> SetFigures:
    lacking = [promise_reason(one, sets[fold]) for fold, one in levels.items()]
    inside = _in_set(table, levels)

    def measure(rows: NDArray[np.bool_]) -> MetricSet:
        part = table[rows]
        draws = draw_patients(part["group"], part["site"], spec, grouping=grouping)
        terms = _terms(part, inside[rows])
        reasons = {name: f"no {name.partition('_')[2]} slice" for name in terms.names}
        samples = sample_ratios(terms, draws, reasons=reasons, shares=terms.names)
        if any(lacking):
            samples = [_unassessed(each, max(lacking), draws) for each in samples]
        return summarize(samples, draws)

    return SetFigures(
        level=_lowest(levels),
        is_deciding=all(each.deciding == levels[fold] for fold, each in sets.items()),
        metrics=measure(np.ones(len(table), dtype=bool)),
        by_site=tuple(
            (str(site), measure((table["site"] == site).to_numpy(dtype=bool)))
            for site in sorted(table["site"].dropna().unique())
        ),
    )


def _lowest(levels: Mapping[str, ConformalLevel]) -> float:
    return min(one.level for one in levels.values())


def _in_set(
    table: pd.DataFrame, levels: Mapping[str, ConformalLevel]
) -> NDArray[np.bool_]:
    probability = table["tumor_probability"].to_numpy(dtype=np.float64)
    fold = table["fold"].to_numpy(dtype=object)
    inside = np.ones((len(table), 2), dtype=bool)
    for name, level in levels.items():
        rows = fold == name
        inside[rows] = possible_labels(probability[rows], level)
    return inside


def _terms(table: pd.DataFrame, inside: NDArray[np.bool_]) -> RatioTerms:
    labels = table["label"].to_numpy(dtype=np.int64)
    patients = table["group"].to_numpy(dtype=object)
    of_label = [
        _share_of_patient(patients, labels == label) for label in range(len(LABELS))
    ]
    every = _share_of_patient(patients, np.ones(len(table), dtype=bool))
    size = inside.sum(axis=1)
    pairs = {
        f"coverage_{label}": (of_label[number] * inside[:, number], of_label[number])
        for number, label in enumerate(LABELS)
    } | {
        name: (every * (size == wanted), every)
        for wanted, name in ((1, "one_label"), (2, "both_labels"), (0, "no_label"))
    }
    return RatioTerms(
        names=tuple(pairs),
        numerator=np.stack([one for one, _ in pairs.values()], axis=1),
        denominator=np.stack([one for _, one in pairs.values()], axis=1),
    )


def _share_of_patient(
    patients: NDArray[np.object_], chosen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return 1 / (chosen slices of the patient) for chosen slices, else 0."""
    _, place = np.unique(patients.astype(str), return_inverse=True)
    sizes = np.bincount(place, chosen)
    return np.where(chosen, 1 / np.maximum(sizes[place], 1), 0.0)


def _unassessed(
    samples: MetricSamples, reason: str, draws: PatientDraws
) -> MetricSamples:
    return MetricSamples(
        name=samples.name,
        values=np.full(len(draws.counts), np.nan),
        entered=samples.entered,
        reason=reason,
    )
