"""Tests of the source as results repeat it: identity as it is, errors left out."""

from __future__ import annotations

import json

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin, SourceFrame
from tumorscope.io.dicom_results.source import read_heads

FRAME = SourceFrame(
    instance=0,
    number=1,
    position_mm=(1.23456789, 0, 0),
    orientation=(1, 0, 0, 0, 1, 0),
    spacing_mm=(2, 3),
)


def element(vr, value):
    return {"vr": vr, "Value": [value]}


def head(**more):
    """Return the JSON of a head; None leaves an attribute out."""
    content = {
        "00080016": element("UI", "1.2.840.10008.5.1.4.1.1.4"),
        "00080018": element("UI", "1.2.3.4"),
        "0020000D": element("UI", "1.2.3"),
        "0020000E": element("UI", "1.2.3.1"),
        "00200052": element("UI", "1.2.3.9"),
        "00100020": element("LO", "P1"),
    } | more
    return json.dumps({tag: one for tag, one in content.items() if one is not None})


def read(**more):
    (found,) = read_heads(ScanOrigin(heads=(head(**more),), frames=(FRAME,)))
    return found


def test_a_head_has_the_geometry_of_its_frame():
    """Numbers fit a decimal string; what is unknown is empty and not missing."""
    found = read()

    assert list(found.ImagePositionPatient) == [1.234568, 0, 0]
    assert list(found.PixelSpacing) == [2, 3]
    assert found.PatientID == "P1"
    assert (found.PatientName, found.StudyDate) == ("", None) or not found.StudyDate
    assert found.SpecificCharacterSet == "ISO_IR 192"


@pytest.mark.parametrize(
    ("tag", "vr", "value", "keyword"),
    [
        ("00100030", "DA", "1960-02-29", "PatientBirthDate"),
        ("00080030", "TM", "noon", "StudyTime"),
        ("00101010", "AS", "66", "PatientAge"),
        ("00100040", "CS", "0000", "PatientSex"),
        ("00100040", "CS", "w", "PatientSex"),
    ],
)
def test_values_that_break_the_standard_are_left_empty(tag, vr, value, keyword):
    """A result does not fail for them, and does not repeat them."""
    found = read(**{tag: element(vr, value)})

    assert not found[keyword].value


@pytest.mark.parametrize(
    ("tag", "vr", "value", "keyword"),
    [
        ("00100030", "DA", "19600229", "PatientBirthDate"),
        ("00080030", "TM", "120000.5", "StudyTime"),
        ("00101010", "AS", "066Y", "PatientAge"),
        ("00100040", "CS", "O", "PatientSex"),
    ],
)
def test_values_that_keep_the_standard_stay(tag, vr, value, keyword):
    """Nothing of a patient is lost on the way."""
    assert str(read(**{tag: element(vr, value)})[keyword].value) == value


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"0020000D": None}, "which study"),
        ({"00080018": None}, "which study"),
        ({"00200052": None}, "frame of reference"),
        ({"00100020": {"vr": "??", "Value": ["P1"]}}, "cannot be repeated"),
    ],
)
def test_a_source_that_cannot_be_referred_to_is_an_error(more, message):
    """The reason is told, and no value."""
    with pytest.raises(DataError, match=message) as caught:
        read(**more)

    assert "P1" not in str(caught.value)
