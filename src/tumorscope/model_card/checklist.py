"""Reporting checklists: their items, and which of them a run answers."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from tumorscope.domain.errors import DataError
from tumorscope.domain.spec import Spec
from tumorscope.model_card.source import CardSource

Status = Literal["answered", "partly answered", "unanswered"]
STATUSES: tuple[Status, ...] = ("answered", "partly answered", "unanswered")


class ChecklistItem(Spec):
    """One item of a checklist."""

    number: str
    """Its number in the published checklist, with the letter of a part."""
    section: str
    """Section of the published checklist."""
    text: str
    """What it asks for, in words of our own."""


class Checklist(Spec):
    """A published checklist."""

    key: str
    """Name of its file."""
    title: str
    """Name that readers know."""
    citation: str
    """Where it was published."""
    checked: str
    """What the numbers and the wording here were compared with."""
    items: tuple[ChecklistItem, ...]
    """In the order of the publication."""

    @property
    def n_whole_items(self) -> int:
        """Number of items, parts of one item counted together."""
        return len({item.number.rstrip("abcdefg") for item in self.items})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a run says to one item.

    Attributes:
        status: Whether it answers the item.
        text: The answer, or what is missing.
        place: Where the reader finds it; empty where the item is unanswered.

    Raises:
        DataError: If an answer has no place, or nothing is said.
    """

    status: Status
    text: str
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse a claim without a place to check it."""
        if not self.text or (self.status != "unanswered") != bool(self.place):
            raise DataError(
                f"answer {self.text!r}: an answer names its place, and only an answer does"
            )


Answerer = Callable[[CardSource], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledChecklist:
    """A checklist with what a run says to each item.

    Attributes:
        checklist: The checklist.
        answers: One for each item, in the same order.
    """

    checklist: Checklist
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        """Refuse answers that belong to other items."""
        if len(self.answers) != len(self.checklist.items):
            raise DataError(
                f"{self.checklist.title}: {len(self.answers)} answers for "
                f"{len(self.checklist.items)} items"
            )

    def count(self, status: Status) -> int:
        """Return the number of items with this status."""
        return sum(answer.status == status for answer in self.answers)

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        parts = len(self.answers)
        whole = self.checklist.n_whole_items
        of = f"{whole} items" if whole == parts else f"{whole} items in {parts} parts"
        counts = ", ".join(f"{self.count(status)} {status}" for status in STATUSES)
        return f"{self.checklist.title}, {of}: {counts}."


def answered(text: str, place: str) -> Answer:
    """Return an answer that the run gives in full."""
    return Answer(status="answered", text=text, place=place)


def partly(text: str, place: str) -> Answer:
    """Return an answer of which the run knows a part only."""
    return Answer(status="partly answered", text=text, place=place)


def unanswered(reason: str) -> Answer:
    """Return why the run does not answer an item."""
    return Answer(status="unanswered", text=f"unanswered: {reason}")


def read_checklist(key: str) -> Checklist:
    """Read a checklist that ships with the package.

    Args:
        key: "claim_2024" or "tripod_ai".
    """
    place = files("tumorscope.model_card") / "checklists" / f"{key}.toml"
    content = tomllib.loads(place.read_text(encoding="utf-8"))
    return Checklist.model_validate(content | {"key": key})


def fill_checklist(
    checklist: Checklist, answerers: Mapping[str, Answerer], source: CardSource
) -> FilledChecklist:
    """Answer each item from what a run holds.

    Args:
        checklist: The items.
        answerers: For each number the function that answers it.
        source: What the run knows.

    Raises:
        DataError: If an item has no function, or a function no item.
    """
    numbers = [item.number for item in checklist.items]
    if sorted(numbers) != sorted(answerers):
        odd = sorted(set(numbers) ^ set(answerers))
        raise DataError(f"{checklist.title}: items and answers differ in {odd}")
    return FilledChecklist(
        checklist=checklist,
        answers=tuple(answerers[number](source) for number in numbers),
    )
