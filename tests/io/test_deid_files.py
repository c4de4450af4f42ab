"""Tests of what runs in the child: kinds by bytes, answers without a value."""

from __future__ import annotations

import hashlib
import json

import pytest

from tumorscope.deid.dicom_file import PatientJob
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.domain.deid_spec import DeidSpec
from tumorscope.io.deid_files import (
    CheckTask,
    DeidTask,
    check_files,
    deidentify_files,
    inspect_files,
    kind_of,
)
from tumorscope.io.scan_files import ScanFile


def files_of(folder, *names):
    return [ScanFile(path=folder / name, name=name) for name in names]


@pytest.fixture
def job():
    return PatientJob(
        spec=DeidSpec(),
        keys=PatientKeys(secret=bytes(32)),
        tokens=IdentityTokens.from_values({"names": ["Vandermolen"]}),
    )


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (bytes(128) + b"DICM", "x.png", "dicom"),
        (b"\x1f\x8b\x08", "x.dcm", "nifti"),
        (b"\x5c\x01\0\0", "x", "nifti"),
        (b"\x89PNG\r\n\x1a\n", "x.dcm", "picture"),
        (b"{}", "X.JSON", "side-car"),
        (b"{}", "x.txt", ""),
        (b"", "x.dcm", ""),
    ],
)
def test_bytes_decide_what_a_file_is(content, name, kind):
    """Endings are chosen by people; only JSON has no mark of its own."""
    assert kind_of(content, name) == kind


def test_a_refusal_has_a_code_and_a_digest(tmp_path, png):
    """The answer names no file and quotes nothing."""
    (tmp_path / "a.txt").write_bytes(b"Vandermolen")
    (tmp_path / "b.dcm").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "c.png").write_bytes(png)

    answers = inspect_files(files_of(tmp_path, "a.txt", "b.dcm", "c.png"))

    assert [one.get("refused") for one in answers] == [
        "unknown-kind",
        "no-transfer-syntax",
        None,
    ]
    assert answers[0]["digest"] == hashlib.sha256(b"Vandermolen").hexdigest()
    assert "Vandermolen" not in json.dumps(answers)


def test_each_kind_is_cleaned_by_its_own_code(tmp_path, job, png):
    """A picture and a side-car pass, an unknown file is refused."""
    for name, content in (("a.png", png), ("b.json", b"{}"), ("c.txt", b"x")):
        (tmp_path / name).write_bytes(content)
    files = files_of(tmp_path, "a.png", "b.json", "c.txt")
    tasks = [DeidTask(file=one, name=one.name[0]) for one in files]

    picture, side_car, other = deidentify_files(tasks, job)

    assert picture["content"] == png
    assert side_car["name"].endswith(".json")
    assert other == {"refused": "unknown-kind"}


def test_a_finished_file_with_a_name_does_not_pass(tmp_path, job, png):
    """The check looks at the bytes on the disk."""
    (tmp_path / "good.png").write_bytes(png)
    (tmp_path / "bad.png").write_bytes(png + b"Vandermolen")
    (tmp_path / "bad.dcm").write_bytes(bytes(128) + b"DICM")
    files = files_of(tmp_path, "good.png", "bad.png", "bad.dcm")
    tasks = [CheckTask(file=one, is_witnessed=False) for one in files]

    wrong = [one["wrong"] for one in check_files(tasks, job)]

    assert wrong == ["", "a text known of the patient", "cannot be read"]
