"""Gates: findings that stop a cohort from being trusted, unless waived with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tumorscope.domain.errors import ConfigError

MIN_REASON = 10
"""Characters of the shortest reason that says something."""

Outcome = Literal["passed", "waived", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutcome:
    """What one gate says of a cohort.

    Attributes:
        gate: Its name: small letters and hyphens, e.g. "leak-canary".
        has_failed: Whether the cohort must not be used as it is.
        sentence: Why, or why not, for a clinician to read.
        is_assessed: Whether the cohort has what the gate looks at. A gate that could not
            look has not failed, and has not passed.
    """

    gate: str
    has_failed: bool
    sentence: str
    is_assessed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A failed gate that someone takes responsibility for.

    Attributes:
        gate: Name of the gate.
        reason: Why the cohort may be used all the same.
    """

    gate: str
    reason: str


def read_waivers(texts: Sequence[str], gates: Sequence[str]) -> tuple[Waiver, ...]:
    """Read waivers as they are typed.

    Args:
        texts: Each `GATE=reason`.
        gates: Names of all gates that the audit looked at.

    Returns:
        One for each text, in order.

    Raises:
        ConfigError: If a gate is unknown or waived twice, or a reason is too short.
    """
    waivers: dict[str, Waiver] = {}
    for text in texts:
        gate, _, reason = (part.strip() for part in text.partition("="))
        if gate not in gates:
            raise ConfigError(
                f"--waive {text}: no such gate; this audit has {', '.join(gates)}"
            )
        if gate in waivers:
            raise ConfigError(f"--waive {gate}: given twice; give one reason")
        if len(reason) < MIN_REASON:
            raise ConfigError(
                f"--waive {gate}: write {gate}=REASON with a reason of at least "
                f"{MIN_REASON} characters; it stands in the report and on the card"
            )
        waivers[gate] = Waiver(gate=gate, reason=reason)
    return tuple(waivers.values())


def failed_gates(
    gates: Sequence[GateOutcome], waivers: Sequence[Waiver]
) -> tuple[GateOutcome, ...]:
    """Return the gates that failed and that nobody waived."""
    waived = {waiver.gate for waiver in waivers}
    return tuple(each for each in gates if each.has_failed and each.gate not in waived)


def outcome_of(gates: Sequence[GateOutcome], waivers: Sequence[Waiver]) -> Outcome:
    """Return "failed", "waived" where every failed gate is, or "passed"."""
    if failed_gates(gates, waivers):
        return "failed"
    return "waived" if any(each.has_failed for each in gates) else "passed"
