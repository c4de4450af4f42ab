"""Tests of tokens: who a patient is, found in whatever way people write it."""

from __future__ import annotations

import pytest

from tumorscope.deid.identity import IdentityTokens, date_spellings

VALUES = {
    "names": ["Müller-Lüdenscheidt^Eva Marie^^MR", "Yamada^Tarou=山田^太郎", "Li^Bo"],
    "ids": ["KX-4471-902", "7"],
    "dates": ["19570312"],
    "places": ["Rozengracht 17 Amsterdam", "General Hospital"],
}


@pytest.fixture
def tokens():
    return IdentityTokens.from_values(VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "fuer Mueller",
        "MULLER",
        "Eva  Müller-Lüdenscheidt",
        "scan_muellerluedenscheidt_2",
        "EVA",
        "Lüdenscheidt, E.",
        "山田さん",
        "Herr Li",
        "kx4471902",
        "KX 4471 902",
        "4471",
        "12.03.1957",
        "1957-03-12",
        "03/12/1957",
        "12 Mar 1957",
        "March 12, 1957",
        "rozengracht",
        "1.3.12.2.1107.5.2.33.37",
        "me@example.org",
        "https://example.org/x",
    ],
)
def test_identity_is_found_however_it_is_written(tokens, text):
    """Case, accents, umlauts, order, hyphens and the spelling of dates do not matter."""
    assert tokens.stand_in(text)


@pytest.mark.parametrize(
    "text",
    ["t1 tse sag", "MR", "Siemens Avanto", "General Medical", "7", "1957", "Lily", ""],
)
def test_ordinary_words_are_left_alone(tokens, text):
    """Titles, numbers of one digit and words inside words are no identity."""
    assert not tokens.stand_in(text)


def test_uids_of_the_standard_are_no_identity(tokens):
    """They name kinds of things."""
    assert not tokens.stand_in("1.2.840.10008.5.1.4.1.1.4")


def test_bytes_are_searched_in_several_encodings(tokens):
    """A name in binary data is found as UTF-8, UTF-16 and in other scripts."""
    assert tokens.stand_in_bytes(b"\0\1MULLER\2")
    assert tokens.stand_in_bytes("x muller y".encode("utf-16-le"))
    assert tokens.stand_in_bytes("山田".encode())
    assert tokens.stand_in_bytes(b"born 19570312")
    assert not tokens.stand_in_bytes(b"\0\1\2\3")


def test_numbers_alone_do_not_condemn_a_whole_file():
    """Seven digits occur by chance in the new identifiers; names do not."""
    tokens = IdentityTokens.from_values({"ids": ["1234567"], "names": ["Smith"]})

    assert not tokens.stand_in_file(b"2.25.981234567002")
    assert tokens.stand_in_file(b"...SMITH...")


def test_a_name_that_is_a_word_of_mri_does_not_condemn_a_file():
    """Mrs. Head has a head; her name goes from texts, not from every defined term."""
    tokens = IdentityTokens.from_values({"names": ["Brain^Norma"]})

    assert tokens.stand_in("Brain, Norma")
    assert not tokens.stand_in_file(b"BRAIN")


def test_without_knowledge_nothing_is_found():
    """No values, no tokens, and no error."""
    tokens = IdentityTokens.from_values({})

    assert not tokens.stand_in("Vandermolen")
    assert not tokens.stand_in_file(b"Vandermolen")


def test_a_damaged_date_has_no_spelling():
    """What is no day is not searched for."""
    assert date_spellings("19571345") == set()
    assert date_spellings("1957") == set()
    assert {"19570312", "12031957", "03121957"} <= date_spellings("19570312101010")


def test_numbers_are_compared_as_a_whole():
    """An ID in a number is found, a coordinate that contains it is not."""
    tokens = IdentityTokens.from_values({"ids": ["447190"]})

    assert tokens.equal("447190")
    assert not tokens.equal("0.447190")
