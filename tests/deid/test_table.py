"""Tests of the table: a new edition cannot bring a tag that nothing handles."""

from __future__ import annotations

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c

from tumorscope.deid.plan import Action
from tumorscope.deid.rewriting import HANDLED_ACTIONS
from tumorscope.deid.table import (
    ACTION_LISTS,
    BASIC_PROFILE,
    REPEATING_GROUPS,
    is_curve_or_overlay,
)


def test_every_list_of_the_source_is_read():
    """A list with a new compound action would else be left out without a word."""
    lists = {
        name
        for name in vars(dicomfields_2026c)
        if name.endswith("_TAGS") and name != "ALL_TAGS"
    }

    assert lists == set(ACTION_LISTS)


def test_every_tag_of_the_source_has_a_handler():
    """652 single tags and three repeating groups, each with an action that is done."""
    every = set(dicomfields_2026c.ALL_TAGS)

    singles = {(tag >> 16, tag & 0xFFFF) for tag in BASIC_PROFILE}
    assert singles | set(REPEATING_GROUPS) == every
    assert {Action(code) for code in BASIC_PROFILE.values()} <= HANDLED_ACTIONS
    assert len(BASIC_PROFILE) == 652


def test_every_repeating_group_is_a_curve_or_an_overlay():
    """They are handled as whole groups, so that no other group may be among them."""
    for group, number, group_mask, _ in REPEATING_GROUPS:
        assert group_mask == 0xFF00
        assert is_curve_or_overlay((group + 0x1E) << 16 | number)


def test_every_action_has_a_handler():
    """No action can be planned that is not done."""
    assert set(Action) == HANDLED_ACTIONS


def test_ordinary_groups_are_no_overlays():
    """Pixel data and patient stay out of the rule for repeating groups."""
    assert not is_curve_or_overlay(0x7FE00010)
    assert not is_curve_or_overlay(0x00100010)
    assert is_curve_or_overlay(0x60020022)
