"""What the probes mean, as sentences and gates."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from tumorscope.audit.gates import GateOutcome
from tumorscope.audit.shortcuts.probes import PROBES, Probe
from tumorscope.audit.shortcuts.results import ProbeResult, ShortcutReport, Target
from tumorscope.pages.numbers import format_estimate, format_number, format_small

GATE_PREFIX = "shortcut-"
QUESTIONS: MappingProxyType[Target, str] = MappingProxyType(
    {
        "label": "whether a slice shows a tumor",
        "patient": "whether a patient has a tumor",
        "site": "the site of a patient",
    }
)


def shortcut_gates(report: ShortcutReport) -> tuple[GateOutcome, ...]:
    """Return one gate for each probe of the label; floors never fail.

    Args:
        report: What the probes found.

    Returns:
        Gates named "shortcut-" and the probe, in the order of the report.
    """
    gates = []
    for probe in PROBES:
        results = results_of(probe, (*report.label_probes, *report.patient_probes))
        gates.append(
            GateOutcome(
                gate=f"{GATE_PREFIX}{probe.name}",
                has_failed=any(each.verdict == "failed" for each in results),
                sentence=say_results(probe, results, report),
                is_assessed=any(not each.auroc.reason for each in results),
            )
        )
    return tuple(gates)


def results_of(probe: Probe, results: Sequence[ProbeResult]) -> tuple[ProbeResult, ...]:
    """Return the results of one probe."""
    return tuple(each for each in results if each.probe == probe.name)


def say_results(
    probe: Probe, results: Sequence[ProbeResult], report: ShortcutReport
) -> str:
    """Say what one probe found, for a clinician to read.

    Args:
        probe: The probe.
        results: Its results, at least one.
        report: Whose unit and heights are named.

    Returns:
        What can be told, by how much, and what that means; else that nothing was found,
        or why it cannot be assessed.
    """
    telling = [each for each in results if each.verdict in ("failed", "warning")]
    if telling:
        found = "; ".join(
            f"{QUESTIONS[each.target]}: {_figure(each, report)}" for each in telling
        )
        meaning = (
            "" if telling[0].target == "site" else f" That means: {probe.meaning}."
        )
        caveat = _caveat(telling[0], report)
        return f"{probe.title}: tells {found}. Seen: {probe.sees}.{meaning}{caveat}"
    assessed = [each for each in results if not each.auroc.reason]
    if not assessed:
        first = results[0]
        question = QUESTIONS[first.target]
        return (
            f"{probe.title}: {question} cannot be assessed this way: "
            f"{first.auroc.reason}."
        )
    shown = assessed[0]
    beyond = "slice height" if _keeps_height(shown, report) else "chance"
    return (
        f"{probe.title}: not found to tell {QUESTIONS[shown.target]} beyond {beyond}: "
        f"{_figure(shown, report)}."
    )


def _figure(result: ProbeResult, report: ShortcutReport) -> str:
    auroc = result.auroc
    floor = format_number(result.floor, 2)
    by_height = f"{floor} by slice height alone"
    beside = by_height if _keeps_height(result, report) else f"{floor} by chance"
    return (
        f"AUROC {format_estimate(auroc)} in {auroc.n_slices} slices of "
        f"{auroc.n_patients} {report.unit}, against {beside} "
        f"(p {format_small(result.p_value)} over {report.unit}, "
        f"{format_small(result.p_adjusted)} after Holm's correction)"
    )


def _keeps_height(result: ProbeResult, report: ShortcutReport) -> bool:
    """Return whether permuted labels kept the tie of label and slice height."""
    is_slice = result.target == "label" and result.probe != "position"
    return is_slice and report.has_heights


def _caveat(result: ProbeResult, report: ShortcutReport) -> str:
    if report.has_heights or result.verdict != "failed":
        return ""
    return (
        " The height of the slices is not known here, so part of this may be anatomy: "
        "slices with tumor lie where the head is large."
    )
