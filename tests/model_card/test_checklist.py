"""Reporting checklists and their answers."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.model_card.checklist import (
    Answer,
    FilledChecklist,
    answered,
    fill_checklist,
    read_checklist,
    unanswered,
)

KEYS = ("claim_2024", "tripod_ai")


@pytest.mark.parametrize(
    ("key", "whole", "parts"), [("claim_2024", 44, 44), ("tripod_ai", 27, 52)]
)
def test_checklist_has_the_published_number_of_items(key, whole, parts):
    """CLAIM 2024 has 44 items; TRIPOD+AI has 27 in 52 parts; numbers start at 1."""
    checklist = read_checklist(key)

    numbers = [item.number for item in checklist.items]
    assert len(set(numbers)) == len(numbers) == parts
    assert checklist.n_whole_items == whole
    assert {int(number.rstrip("abcdefg")) for number in numbers} == set(
        range(1, whole + 1)
    )


@pytest.mark.parametrize("key", KEYS)
def test_checklist_says_what_it_was_compared_with(key):
    """Where the numbers come from stands beside them."""
    checklist = read_checklist(key)

    assert "doi:" in checklist.citation
    assert "not at hand" in checklist.checked


def test_answer_without_a_place_is_refused():
    """A claim that nobody can check is no answer."""
    with pytest.raises(DataError, match="names its place"):
        answered("Yes.", "")
    with pytest.raises(DataError, match="names its place"):
        Answer(status="unanswered", text="no", place="report.html")


def test_item_without_a_function_is_refused(make_source):
    """A new item cannot be forgotten."""
    checklist = read_checklist("claim_2024")

    with pytest.raises(DataError, match="differ in"):
        fill_checklist(checklist, {"1": lambda _: unanswered("no")}, make_source())


def test_counts_are_those_of_the_answers():
    """The sentence counts every status."""
    checklist = read_checklist("tripod_ai")
    answers = (answered("Yes.", "card"),) * 2 + (unanswered("no"),) * 50

    filled = FilledChecklist(checklist=checklist, answers=answers)

    assert filled.summary == (
        "TRIPOD+AI, 27 items in 52 parts: 2 answered, 0 partly answered, 50 unanswered."
    )


def test_answers_of_another_checklist_are_refused():
    """Answers cannot slip to the wrong items."""
    with pytest.raises(DataError, match="1 answers for 44 items"):
        FilledChecklist(
            checklist=read_checklist("claim_2024"), answers=(unanswered("no"),)
        )
