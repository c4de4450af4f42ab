"""What stays on one side of a split, and how reports call it."""

from __future__ import annotations

from typing import Literal

Grouping = Literal["patient", "near-duplicates", "pseudo-patients"]
GROUPING_WORDS: dict[Grouping, str] = {
    "patient": "split by patient",
    "near-duplicates": "grouped by near-duplicates, not by patient",
    "pseudo-patients": "grouped by pseudo-patients, not by patient",
}
