"""A limit of a result, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        lead: A few words to scan by.
        text: The rest: one or two sentences.
    """

    lead: str
    text: str
