"""Tests of keys: the same everywhere with the secret, unrelated without it."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid

import pytest

from tumorscope.deid.keys import PatientKeys, lookup_key, new_secret

SECRET = bytes(range(32))


def test_another_process_derives_the_same():
    """Nothing depends on the process, its hash seed or the day."""
    program = (
        "from tumorscope.deid.keys import PatientKeys as K\n"
        "k = K(secret=bytes(range(32)))\n"
        "print(k.pseudonym, k.offset_days, k.replace_uid('1.2.3'))"
    )
    answer = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    keys = PatientKeys(secret=SECRET)
    assert answer.stdout.split() == [
        keys.pseudonym,
        str(keys.offset_days),
        keys.replace_uid("1.2.3"),
    ]


def test_a_new_uid_is_a_uuid_that_dicom_accepts():
    """Below 2.25, at most 64 characters, version 8 in the layout of RFC 9562."""
    made = PatientKeys(secret=SECRET).replace_uid("1.2.840.113619.2.1")

    assert re.fullmatch(r"2\.25\.[1-9]\d*", made)
    assert len(made) <= 64
    parsed = uuid.UUID(int=int(made.removeprefix("2.25.")))
    assert (parsed.version, parsed.variant) == (8, uuid.RFC_4122)


def test_uids_stay_distinct():
    """The graph of references keeps its shape: no two identifiers meet."""
    keys = PatientKeys(secret=SECRET)

    assert len({keys.replace_uid(f"1.2.{n}") for n in range(5000)}) == 5000


def test_secrets_give_unrelated_replacements():
    """Another patient, or the same one after forgetting, gets nothing alike."""
    made = [PatientKeys(secret=new_secret()) for _ in range(200)]

    assert len({one.pseudonym for one in made}) == 200
    assert len({one.replace_uid("1.2.3") for one in made}) == 200
    assert len({one.offset_days for one in made}) > 150


def test_offsets_go_into_the_past_with_ten_bits_or_more():
    """No study moves into the future, and a guess has to try thousands."""
    offsets = {PatientKeys(secret=new_secret()).offset_days for _ in range(4000)}

    assert min(offsets) >= 1
    assert max(offsets) <= 3650
    assert len(offsets) > 1024


def test_parts_of_a_lookup_do_not_run_together():
    """Issuer "A" with ID "BC" is another patient than issuer "AB" with ID "C"."""
    assert lookup_key(SECRET, "A", "BC") != lookup_key(SECRET, "AB", "C")
    assert lookup_key(SECRET, "", "A") != lookup_key(bytes(32), "", "A")


def test_a_short_secret_is_refused():
    """A secret that could be guessed would be none."""
    with pytest.raises(ValueError, match="32 bytes"):
        PatientKeys(secret=b"short")


def test_a_secret_is_never_shown():
    """An exception or a log that shows the keys does not show the secret."""
    assert "\\x00" not in repr(PatientKeys(secret=SECRET))
