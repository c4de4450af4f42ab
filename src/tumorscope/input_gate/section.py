"""The gate on the page of a report."""

from __future__ import annotations

from tumorscope.input_gate.report import GateReport
from tumorscope.input_gate.words import NO_GATE
from tumorscope.pages.numbers import format_estimate
from tumorscope.pages.section import Section, Table

RATE_WORDS = {
    "flagged": "Flagged, of all slices",
    "refused": "Refused, of all slices",
    "stopped_no_tumor": "Flagged or refused, of tumor-free slices",
    "stopped_tumor": "Flagged or refused, of tumor slices",
}
MOST_SHOWN = 50


def gate_section(report: GateReport | None) -> Section:
    """Return the part "Input checks" of a report.

    Args:
        report: What the gate did; None where the model has none.
    """
    if report is None:
        return Section(
            name="input-checks",
            title="Input checks",
            sentences=(f"Cannot be assessed: {NO_GATE}.",),
        )
    rates = report.rates
    return Section(
        name="input-checks",
        title="Input checks",
        sentences=(
            f"Of the tested slices, the input gate refuses "
            f"{format_estimate(rates['refused'])} and flags "
            f"{format_estimate(rates['flagged'])}. All of them stay in every other figure "
            "of this report.",
            "A refused slice gets no score from `predict`; a flagged one gets a score with "
            "a warning. The gate looks at the picture, not at the label.",
            *(f"Here: {one}." for one in report.rules),
        ),
        tables=(
            Table(
                caption="Tested slices that the input gate stops",
                columns=("Figure", "Estimate"),
                rows=tuple((words, rates[name]) for name, words in RATE_WORDS.items()),
            ),
            Table(
                caption="Reasons; a slice may have several",
                columns=("Reason", "Slices"),
                rows=report.reasons,
            ),
            Table(
                caption=f"Slices, the first {MOST_SHOWN} of {len(report.stopped)}",
                columns=("Image", "Outcome", "Reasons"),
                rows=tuple(
                    (one.image, one.outcome, "; ".join(one.reasons))
                    for one in report.stopped[:MOST_SHOWN]
                ),
            ),
        ),
        is_folded=True,
    )
