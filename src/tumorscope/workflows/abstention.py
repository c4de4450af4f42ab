"""Predictions and cards -> what referrals do, for report.json and report.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tumorscope.domain.card import BundleCard
from tumorscope.domain.predictions import Predictions
from tumorscope.evaluation.abstention import AbstentionReport, measure_abstention
from tumorscope.evaluation.rendering.abstention_sections import (
    conformal_section,
    selective_section,
)
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.io.bundle import Bundle
from tumorscope.pages.section import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredAbstention:
    """What referrals do on the tested slices, and the cards whose rules did it.

    Attributes:
        report: The figures.
        cards: The card of each fold, by the fold's name.
    """

    report: AbstentionReport
    cards: Mapping[str, BundleCard]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The parts of the page."""
        return (
            selective_section(self.report, self.cards),
            conformal_section(self.report, self.cards),
        )


def measure_referrals(
    bundles: Sequence[Bundle], predictions: Predictions, report: EvaluationReport
) -> MeasuredAbstention:
    """Decide the tested slices by their folds' bundles, and judge that.

    Args:
        bundles: One for each fold.
        predictions: The predictions that `report` judged.
        report: Gives draws, level, seed and grouping.
    """
    cards = {bundle.card.data.fold: bundle.card for bundle in bundles}
    found = measure_abstention(
        predictions, cards, report.spec, grouping=report.grouping
    )
    return MeasuredAbstention(report=found, cards=cards)
