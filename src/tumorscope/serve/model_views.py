"""Models as the API shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, func, select

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.serve.database.tables import STUDIES
from tumorscope.serve.models import ServedModelEntry
from tumorscope.serve.wire.models import Comparison, FrequencyBin, ModelSummary, Rate


def summarize_model(
    entry: ServedModelEntry, comparison: Comparison | None = None
) -> ModelSummary:
    """Return what readers see of a model.

    Args:
        entry: The model.
        comparison: With the default, for the one in the shadow.
    """
    facts, card = entry.facts, entry.facts.card
    return ModelSummary(
        id=entry.id,
        name=card.name,
        version=card.tumorscope_version,
        weights_sha256=facts.weights_sha256,
        is_default=entry.is_default,
        is_shadow=entry.is_shadow,
        threshold_probability=card.threshold.threshold_probability,
        threshold_words=facts.words["threshold"],
        sensitivity=_rate(facts.figure("recall")),
        specificity=_rate(facts.figure("specificity")),
        figures_set=_figures_set(card.measured),
        calibration=facts.words["calibration"],
        conformal=facts.words["conformal"],
        referral=facts.words["referral"],
        input_gate=facts.words["input_gate"],
        training_data=facts.words["training_data"],
        prevalence=card.data.prevalence.get("tune"),
        intended_use=card.intended_use,
        natural_frequencies=[
            FrequencyBin(
                low=one.low,
                high=one.high,
                n=one.n_slices,
                tumors=round(one.tumor_share * one.n_slices),
            )
            for one in facts.observed
        ],
        natural_frequencies_words=facts.observed_words,
        figures=card.measured,
        comparison=comparison,
        notice=RESEARCH_USE,
    )


def compare_with_shadow(connection: Connection, shadow_id: str) -> Comparison:
    """Return how often the model in the shadow came to the same decision.

    Args:
        connection: For reading.
        shadow_id: The model in the shadow.
    """
    same = STUDIES.c.shadow_decision == STUDIES.c.decision
    gap = func.abs(STUDIES.c.shadow_probability - STUDIES.c.highest_tumor_probability)
    row = connection.execute(
        select(func.count(), func.sum(case((same, 1), else_=0)), func.avg(gap)).where(
            STUDIES.c.shadow_model_id == shadow_id
        )
    ).one()
    return Comparison(
        studies=row[0],
        same_decision=row[1] or 0,
        mean_absolute_difference=None if row[2] is None else float(row[2]),
    )


def _rate(found: dict[str, Any] | None) -> Rate | None:
    if found is None or found.get("value") is None:
        return None
    return Rate(
        value=found["value"],
        low=found.get("low"),
        high=found.get("high"),
        n_slices=found.get("n_slices"),
        n_patients=found.get("n_patients"),
    )


def _figures_set(measured: dict[str, Any]) -> str | None:
    if not measured:
        return None
    return (
        f"{measured.get('testing')}, {measured.get('grouping_words')}: "
        f"{measured.get('n_slices')} slices, {measured.get('n_patients')} patients or "
        "groups"
    )
