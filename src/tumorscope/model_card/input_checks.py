"""The input gate on a card: which pictures get no score, and how many tested slices."""

from __future__ import annotations

from tumorscope.model_card.blocks import figure_table, missing_section, present
from tumorscope.model_card.figures import figure_at
from tumorscope.model_card.source import CardSource
from tumorscope.pages.section import Section

_NAME, _TITLE = "input-checks", "Input checks"
_RATES = {
    "refused": "Refused, of all slices",
    "flagged": "Flagged, of all slices",
    "stopped_no_tumor": "Flagged or refused, of tumor-free slices",
    "stopped_tumor": "Flagged or refused, of tumor slices",
}


def input_checks_section(source: CardSource) -> Section:
    """Draw what the gate does to slices of the training data's kind.

    How well it stops other pictures is no property of a run: `docs/input_gate.md` has it.
    """
    if source.card.input_gate is None:
        return Section(
            name=_NAME,
            title=_TITLE,
            sentences=(
                "The model has no input gate: what is no head MRI is scored all the same.",
            ),
        )
    checks = (source.report or {}).get("input_checks")
    if checks is None:
        return missing_section(_NAME, _TITLE, "evaluate RUN")
    return Section(
        name=_NAME,
        title=_TITLE,
        sentences=(
            *(f"{rule[:1].upper()}{rule[1:]}." for rule in checks["rules"]),
            "Tested slices that it stops stay in every other figure of this card.",
        ),
        tables=present(
            figure_table(
                "Tested slices that the input gate stops",
                (
                    (words, figure_at(checks, "rates", key))
                    for key, words in _RATES.items()
                ),
            )
        ),
    )
