"""The leak canary on a page."""

from __future__ import annotations

from tumorscope.audit.canary import CanaryAccuracy, CanaryReport, canary_gate
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_number
from tumorscope.pages.section import Section, Status, Table

PATIENTS = "patients"


def canary_section(report: CanaryReport) -> Section:
    """Draw the accuracies on meaningless labels under both splits.

    Args:
        report: What the canary said.
    """
    gate = canary_gate(report)
    tried = [each for each in (report.in_use, report.by_slice) if each is not None]
    status: Status = "failed" if gate.has_failed else "passed"
    return Section(
        name="leak-canary",
        title="Leak canary",
        status=status if gate.is_assessed else "cannot be assessed",
        sentences=(
            gate.sentence,
            f"Half of the {report.unit} get label 1 by lot, so that nothing in a picture "
            "tells it. Each test slice takes the label of the most similar training slice "
            "(32 x 32 pixels). That works only if slices of one head stand on both sides.",
        ),
        limits=() if report.unit == PATIENTS else (_limit(report.unit),),
        tables=(_table(report, tried),) if tried else (),
    )


def _limit(unit: str) -> Limit:
    return Limit(
        lead="The canary knows no patients",
        text=(
            f"Labels went by {unit}. A patient whose slices fall into several of them is "
            "not noticed."
        ),
    )


def _table(report: CanaryReport, tried: list[CanaryAccuracy]) -> Table:
    return Table(
        caption=(
            f"Accuracy on labels that mean nothing: {report.spec.relabellings} "
            f"relabelings of {report.groups} {report.unit}, {report.slices} slices"
        ),
        columns=("Split", "Mean", "SD", "Interval", "Slices tested"),
        rows=tuple(
            (
                each.split,
                format_number(each.mean),
                format_number(each.deviation),
                f"[{format_number(each.low)}, {format_number(each.high)}]",
                each.tested,
            )
            for each in tried
        ),
    )
