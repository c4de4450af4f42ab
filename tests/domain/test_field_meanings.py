"""Meanings of settings are read from the source, inherited ones too."""

from __future__ import annotations

from tumorscope.domain.field_meanings import field_meanings
from tumorscope.domain.spec import Spec


class _Below(Spec):
    size_px: int = 3
    """Side of
    the picture."""
    silent: int = 0


class _Above(_Below):
    """A spec that inherits."""

    size_px: int = 4
    """Another side."""
    count: int = 1
    """How many."""


def test_a_meaning_is_the_docstring_under_its_field():
    """Lines are joined as they stand, and a field without docstring is left out."""
    assert field_meanings(_Below) == {"size_px": "Side of\nthe picture."}


def test_an_inherited_field_keeps_its_meaning_until_it_is_said_anew():
    """A setting is explained where it is used."""
    assert field_meanings(_Above) == {"size_px": "Another side.", "count": "How many."}
