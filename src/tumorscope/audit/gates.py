"""Gates: findings that stop a cohort from being trusted, unless waived with a reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutcome:
    """What one gate says of a cohort.

    Attributes:
        gate: Its name: small letters and hyphens, e.g. "leak-canary".
        has_failed: Whether the cohort must not be used as it is.
        sentence: Why, or why not, for a clinician to read.
    """

    gate: str
    has_failed: bool
    sentence: str
