"""Tests of identifiers that a repetition gives again."""

from __future__ import annotations

import re

from tumorscope.io.dicom_results.identifiers import make_uid


def test_a_uid_is_one_of_a_uuid():
    """2.25 and a number without leading zeros, at most 64 characters (PS3.5 9.1, B.2)."""
    uids = [make_uid("study", str(number)) for number in range(200)]

    assert all(re.fullmatch(r"2\.25\.[1-9]\d*", uid) for uid in uids)
    assert max(map(len, uids)) <= 64
    assert len(set(uids)) == 200


def test_version_and_variant_are_marked():
    """The number is a UUID of version 8 in the variant of RFC 9562."""
    number = int(make_uid("x").split(".")[2])

    assert (number >> 76) & 0xF == 8
    assert (number >> 62) & 0x3 == 2


def test_the_border_between_texts_counts():
    """("ab", "c") and ("a", "bc") are different things."""
    assert make_uid("ab", "c") != make_uid("a", "bc")
    assert make_uid("ab", "c") == make_uid("ab", "c")
