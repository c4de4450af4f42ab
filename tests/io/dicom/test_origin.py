"""Tests of what a result copies from its source."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom import origin
from tumorscope.io.dicom.origin import read_origin
from tumorscope.io.dicom_origin import read_origins
from tumorscope.io.scan_files import ScanFile

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


@pytest.fixture
def write(scan_makers, tmp_path):
    """Return a function: attributes to a file on disk."""

    def run(**values):
        path = tmp_path / "one.dcm"
        made = scan_makers.make_file(PIXELS, **values)
        path.write_bytes(scan_makers.to_bytes(made))
        return ScanFile(path=path, name=path.name)

    return run


def test_identity_is_read_by_the_files_own_character_set(write, sandbox):
    """The parent gets Unicode, and neither pixels nor anything else of the file."""
    file = write(
        SpecificCharacterSet="ISO_IR 100",
        PatientName="Müller^Ünal",
        InstitutionName="Clinic",
        OperatorsName="Nurse^One",
    )

    (text,) = read_origins([file], sandbox)

    head = json.loads(text)
    assert head["00100010"]["Value"] == [{"Alphabetic": "Müller^Ünal"}]
    assert head["00100020"]["Value"] == ["P1"]
    assert head["00280010"]["Value"] == [8]
    assert "7FE00010" not in head
    assert "Clinic" not in text
    assert "Nurse" not in text


def test_a_head_beyond_measure_is_refused(write, monkeypatch):
    """A comment of a megabyte is not carried into every result."""
    monkeypatch.setattr(origin, "MAX_HEAD_CHARACTERS", 1_500)
    read_origin(write())
    file = write(PatientComments="x" * 1_500)

    with pytest.raises(UnreadableScanError, match="too long"):
        read_origin(file)


def test_a_file_that_is_gone_is_an_error(tmp_path, sandbox):
    """A result never names a file that could not be read."""
    file = ScanFile(path=tmp_path / "gone", name="gone")

    with pytest.raises(UnreadableScanError, match="cannot be opened"):
        read_origins([file], sandbox)
