"""Tests of types: a compound action is resolved by the object at hand."""

from __future__ import annotations

import importlib

import pytest

from tumorscope.deid.iod_types import attribute_type, types_of

MR, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"


def test_types_depend_on_the_object():
    """Acquisition time is optional in classic MR; its successor is required."""
    assert attribute_type(MR, (), "ContrastBolusAgent") == 2
    assert attribute_type(MR, (), "StationName") == 3
    assert attribute_type(ENHANCED_MR, (), "ContentDate") == 1
    assert attribute_type(ENHANCED_MR, (), "DeviceSerialNumber") == 1


def test_types_depend_on_the_place():
    """The patient ID of the patient is not that of a reference."""
    assert attribute_type(MR, (), "PatientID") == 2
    assert attribute_type(MR, ("OtherPatientIDsSequence",), "PatientID") == 1


def test_what_the_object_does_not_know_is_optional():
    """Unknown classes and places fall to removal."""
    assert attribute_type("1.2.3", (), "PatientID") == 3
    assert attribute_type(MR, ("NoSuchSequence",), "PatientID") == 3


@pytest.mark.slow
def test_the_table_is_that_of_highdicom(repository, monkeypatch):
    """A new release that knows more makes this fail; then the script is run again."""
    monkeypatch.syspath_prepend(str(repository / "scripts"))
    script = importlib.import_module("write_iod_types")

    found = script.collect_types()

    assert {name: dict(types_of(name)) for name in found} == found
    assert all(found.values())
