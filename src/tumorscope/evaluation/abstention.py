"""What referring slices to a reader costs and what it saves, on the tested slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.calibration import Decisions, decide
from tumorscope.domain.card import BundleCard
from tumorscope.domain.estimates import MetricSet
from tumorscope.domain.grouping import Grouping
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.coverage import (
    SetFigures,
    fix_sets_across_folds,
    measure_sets,
)
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.selective import RiskCoverage, measure_selective

REASONS = {
    "referral_rate": "no slices",
    "referral_rate_no_tumor": "no tumor-free slice",
    "referral_rate_tumor": "no tumor slice",
    "error": "no slices",
    "error_decided": "every slice is referred",
    "wrong_referred": "no decision is wrong",
    "sensitivity_decided": "every tumor slice is referred",
    "specificity_decided": "every tumor-free slice is referred",
    "missed": "no tumor slice",
    "ambiguous": "no slices",
    "contradicted": "no slices",
    "unsure": "no slices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstentionReport:
    """Selective prediction, referrals and sets of possible labels on the tested slices.

    Attributes:
        selective: Error by coverage, by definition A1.
        referrals: referral_rate, overall and by class; error of all decisions at the
            tuned threshold and of those that are not referred; wrong_referred, the share
            of wrong decisions that is referred; sensitivity and specificity of the
            decided slices; missed, the share of tumor slices that is decided as "not
            above"; and how often each ground was found.
        by_site: Site and the same figures of its slices.
        sets: Coverage and size of the bundles' own sets, fixed on the tuning parts.
        sets_across_folds: The same, each fold's sets fixed on the tested slices of the
            other folds; empty with a single fold.
    """

    selective: RiskCoverage
    referrals: MetricSet
    by_site: tuple[tuple[str, MetricSet], ...]
    sets: tuple[SetFigures, ...]
    sets_across_folds: tuple[SetFigures, ...]


def measure_abstention(
    predictions: Predictions,
    cards: Mapping[str, BundleCard],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> AbstentionReport:
    """Decide every tested slice by the rules of its fold's card, and judge that.

    Args:
        predictions: Rows of part "test" or of part "external"; others are not read.
        cards: The card of each fold, by the fold's name.
        spec: Draws, level and seed.
        grouping: What `group` holds.

    Returns:
        The figures, each with its interval over patients.

    Raises:
        DataError: As `evaluated_rows`.
    """
    table = evaluated_rows(predictions).reset_index(drop=True)
    draws = draw_patients(table["group"], table["site"], spec, grouping=grouping)
    decisions = decide_rows(table, cards)
    levels = sorted(
        {one.level for card in cards.values() for one in card.conformal.levels}
    )
    across = fix_sets_across_folds(table, levels)
    sets = {fold: card.conformal for fold, card in cards.items()}
    return AbstentionReport(
        selective=measure_selective(table, draws),
        referrals=_measure_referrals(table, decisions, draws),
        by_site=tuple(
            (str(site), _measure_site(table, decisions, rows, spec, grouping=grouping))
            for site in sorted(table["site"].dropna().unique())
            for rows in [(table["site"] == site).to_numpy(dtype=bool)]
        ),
        sets=measure_sets(table, sets, spec, grouping=grouping),
        sets_across_folds=measure_sets(table, across, spec, grouping=grouping),
    )


def decide_rows(table: pd.DataFrame, cards: Mapping[str, BundleCard]) -> Decisions:
    """Decide each row by the card of its fold.

    Args:
        table: Rows of `Predictions.table`.
        cards: The card of each fold, by the fold's name.

    Returns:
        Decisions in the order of the rows.

    Raises:
        KeyError: If a row's fold has no card.
    """
    probability = table["tumor_probability"].to_numpy(dtype=np.float64)
    parts, order = [], []
    for fold, rows in (
        table.reset_index(drop=True).groupby("fold", sort=True).groups.items()
    ):
        card, places = cards[str(fold)], np.asarray(rows, dtype=np.int64)
        order.append(places)
        parts.append(
            decide(
                probability[places],
                threshold_probability=card.threshold.threshold_probability,
                conformal=card.conformal,
                referral=card.referral,
            )
        )
    back = np.argsort(np.concatenate(order))
    return Decisions(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])[
                back
            ]
            for each in fields(Decisions)
        }
    )


def _measure_site(
    table: pd.DataFrame,
    decisions: Decisions,
    rows: NDArray[np.bool_],
    spec: EvaluateSpec,
    *,
    grouping: Grouping,
) -> MetricSet:
    part = table[rows]
    draws = draw_patients(part["group"], part["site"], spec, grouping=grouping)
    chosen = Decisions(
        **{each.name: getattr(decisions, each.name)[rows] for each in fields(Decisions)}
    )
    return _measure_referrals(part, chosen, draws)


def _measure_referrals(
    table: pd.DataFrame, decisions: Decisions, draws: PatientDraws
) -> MetricSet:
    tumor = table["label"].to_numpy(dtype=np.int64) == 1
    above, referred = decisions.is_above, decisions.is_referred
    wrong, every = above != tumor, np.ones(len(table), dtype=bool)
    pairs = {
        "referral_rate": (referred, every),
        "referral_rate_no_tumor": (referred & ~tumor, ~tumor),
        "referral_rate_tumor": (referred & tumor, tumor),
        "error": (wrong, every),
        "error_decided": (wrong & ~referred, ~referred),
        "wrong_referred": (wrong & referred, wrong),
        "sensitivity_decided": (above & tumor & ~referred, tumor & ~referred),
        "specificity_decided": (~above & ~tumor & ~referred, ~tumor & ~referred),
        "missed": (~above & tumor & ~referred, tumor),
        "ambiguous": (decisions.is_ambiguous, every),
        "contradicted": (decisions.is_contradicted, every),
        "unsure": (decisions.is_unsure, every),
    }
    terms = RatioTerms(
        names=tuple(pairs),
        numerator=np.stack([one for one, _ in pairs.values()], axis=1).astype(float),
        denominator=np.stack([one for _, one in pairs.values()], axis=1).astype(float),
    )
    return summarize(
        sample_ratios(terms, draws, reasons=REASONS, shares=terms.names), draws
    )
