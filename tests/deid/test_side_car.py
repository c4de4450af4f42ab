"""Tests of side-cars: only listed keys pass."""

from __future__ import annotations

import json

import pytest

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.side_car import deidentify_side_car

KEYS = PatientKeys(secret=bytes(32))
TOKENS = IdentityTokens.from_values({"names": ["Vandermolen"]})
SOURCE = {
    "EchoTime": 0.012,
    "SliceTiming": [0, 0.5],
    "RepetitionTime": "Vandermolen",
    "PatientName": "Vandermolen",
    "AcquisitionTime": "10:11:12",
    "Vandermolen": 1,
    "SeriesDescription": "t1 Vandermolen sag",
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "Vandermolen",
    "SeriesInstanceUID": "1.2.3",
    "ImageType": ["ORIGINAL", "PRIMARY"],
}


def test_listed_keys_pass_and_nothing_else():
    """Numbers, codes without identity, words of the list, and new identifiers."""
    done = deidentify_side_car(json.dumps(SOURCE).encode(), KEYS, TOKENS, name="a")

    assert json.loads(done.content) == {
        "EchoTime": 0.012,
        "SliceTiming": [0, 0.5],
        "SeriesDescription": "t1 sag",
        "Manufacturer": "Siemens",
        "SeriesInstanceUID": KEYS.replace_uid("1.2.3"),
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }


def test_keys_that_are_not_listed_are_counted_without_their_name():
    """A key may itself be a name."""
    done = deidentify_side_car(json.dumps(SOURCE).encode(), KEYS, TOKENS, name="a")

    assert done.counts["keys that are not listed", "X"] == 5
    assert not any("Vandermolen" in field for field, _ in done.counts)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"[" * 100_000])
def test_what_is_no_object_is_refused(content):
    """Damaged, deep or other JSON."""
    with pytest.raises(MalformedFileError, match="bad-json"):
        deidentify_side_car(content, KEYS, TOKENS, name="a")
