"""The gates as a section, and the audit on the page of a report."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.audit.gates import GateOutcome, Waiver, failed_gates
from tumorscope.domain.audit_summary import AuditSummary
from tumorscope.pages.limit import Limit
from tumorscope.pages.section import Section, Status, Table

_WORDS: dict[str, Status] = {
    "passed": "passed",
    "waived": "waived",
    "failed": "failed",
}


def gates_section(
    gates: Sequence[GateOutcome], waivers: Sequence[Waiver], *, outcome: str
) -> Section:
    """Draw the gates of an audit, the failed ones first.

    Args:
        gates: What each gate said.
        waivers: Failed gates that someone takes responsibility for.
        outcome: "passed", "waived" or "failed".
    """
    failed = failed_gates(gates, waivers)
    reasons = {waiver.gate: waiver.reason for waiver in waivers}
    waived = ("Waived because",) if reasons else ()
    ordered = sorted(gates, key=lambda each: (each not in failed, not each.has_failed))
    return Section(
        name="gates",
        title="Gates",
        status=_WORDS[outcome],
        sentences=(_verdict(len(gates), len(failed), len(reasons)),),
        tables=(
            Table(
                caption="What each gate found",
                columns=("Gate", "Outcome", "Found", *waived),
                rows=tuple(
                    (
                        each.gate,
                        word_of(each, waivers),
                        each.sentence,
                        *(reasons.get(each.gate, "") for _ in waived),
                    )
                    for each in ordered
                ),
            ),
        ),
    )


def word_of(gate: GateOutcome, waivers: Sequence[Waiver]) -> Status:
    """Return "passed", "waived", "failed" or "cannot be assessed"."""
    if not gate.is_assessed:
        return "cannot be assessed"
    if not gate.has_failed:
        return "passed"
    return "waived" if gate.gate in {waiver.gate for waiver in waivers} else "failed"


def gate_limits(
    gates: Sequence[GateOutcome], waivers: Sequence[Waiver]
) -> tuple[Limit, ...]:
    """Return one limit for each failed gate, with the reason where it was waived."""
    reasons = {waiver.gate: waiver.reason for waiver in waivers}
    limits = []
    for gate in gates:
        if gate.gate in reasons and gate.has_failed:
            text = f"{gate.sentence} Waived: {reasons[gate.gate]}"
            limits.append(Limit(lead=f"Waived gate “{gate.gate}”", text=text))
        elif gate.has_failed:
            limits.append(Limit(lead=f"Failed gate “{gate.gate}”", text=gate.sentence))
    return tuple(limits)


def report_audit_section(summary: AuditSummary | None) -> Section:
    """Draw what a report says of the audit of its data.

    Args:
        summary: What the audit found; None where there was none.

    Returns:
        A section whose limits name each failed or waived gate, or say that nothing was
        audited.
    """
    if summary is None:
        return Section(
            name="audit",
            title="Audit of the data",
            sentences=(
                "Not audited. `tumorscope audit RUN` looks for leaks, copies and "
                "shortcuts in the data behind these figures.",
            ),
            limits=(
                Limit(
                    lead="Not audited",
                    text=(
                        "Nobody looked for copies, shortcuts and leaks in these data "
                        "with `tumorscope audit`."
                    ),
                ),
            ),
        )
    gates = [
        GateOutcome(
            gate=each.gate,
            has_failed=each.has_failed,
            sentence=each.sentence,
            is_assessed=each.is_assessed,
        )
        for each in summary.gates
    ]
    waivers = [
        Waiver(gate=gate, reason=reason) for gate, reason in summary.waivers.items()
    ]
    section = gates_section(gates, waivers, outcome=summary.outcome)
    when = (
        f"Audited on {summary.created}. The page audit.html has pictures and numbers."
    )
    return Section(
        name="audit",
        title="Audit of the data",
        status=section.status,
        sentences=(*section.sentences, when),
        limits=gate_limits(gates, waivers),
        tables=section.tables,
        is_folded=True,
    )


def _verdict(gates: int, failed: int, waived: int) -> str:
    if failed:
        return (
            f"{failed} of {gates} gates failed: results from this cohort would say less "
            "about tumors than about the faults below. Repair the data, or waive a gate "
            "with a reason that you can defend."
        )
    if waived:
        return (
            f"{waived} of {gates} gates failed and were waived; the reasons stand below "
            "and on every report."
        )
    return (
        f"All {gates} gates passed. They find the faults that they look for; a cohort "
        "may have others."
    )
