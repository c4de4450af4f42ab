"""What an audit found, in the few words that a bundle and a report carry."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tumorscope.domain.spec import Spec

AUDIT_FORMAT = 1
"""Raised when an older reader could misread a newer audit.json."""


class AuditedGate(Spec):
    """One gate of an audit."""

    gate: str
    """Its name."""
    has_failed: bool
    """Whether the cohort must not be used as it is."""
    sentence: str
    """Why, or why not."""
    is_assessed: bool = True
    """Whether the cohort has what the gate looks at."""


class AuditSummary(Spec):
    """Outcome, gates and waivers of the audit of a training cohort."""

    outcome: Literal["passed", "waived", "failed"]
    """`waived`: gates failed, and each of them was waived."""
    created: str
    """ISO 8601 time with zone."""
    gates: tuple[AuditedGate, ...]
    """What each gate said."""
    waivers: dict[str, str] = Field(default_factory=dict)
    """Reason for each gate that was waived."""

    @property
    def failed(self) -> tuple[AuditedGate, ...]:
        """Gates that failed and were not waived."""
        return tuple(
            gate
            for gate in self.gates
            if gate.has_failed and gate.gate not in self.waivers
        )
