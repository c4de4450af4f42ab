"""What is not used of a source, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutScan:
    """A series or file that is not used.

    Attributes:
        label: What messages call it.
        files: Number of files.
        reason: Why, in words.
        damaged: Whether a file could not be read; otherwise it is of no use here.
    """

    label: str
    files: int
    reason: str
    damaged: bool = False
