"""Tests of reading an input: batches, owners, and a file that stops its reader."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tumorscope.domain.deid_spec import DeidSpec
from tumorscope.domain.progress import silent
from tumorscope.io.deid_files import inspect_files
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile
from tumorscope.workflows.deid_patients import (
    BATCH_BYTES,
    BATCH_FILES,
    SourceFile,
    answers_for,
    batches,
    list_files,
    read_input,
)


def file_of(number, n_bytes):
    return SourceFile(
        number=number,
        scan=ScanFile(path=Path(f"/{number}"), name=f"a/{number}.nii.gz"),
        relative=PurePosixPath(f"a/{number}.nii.gz"),
        n_bytes=n_bytes,
    )


def test_batches_are_neither_too_many_nor_too_large():
    """Every file is in one batch, in order."""
    files = [file_of(n, 1) for n in range(BATCH_FILES + 1)]
    files += [file_of(99, 2 * BATCH_BYTES), file_of(100, 1)]

    found = list(batches(files))

    assert [one for batch in found for one in batch] == files
    assert [len(batch) for batch in found] == [BATCH_FILES, 1, 1, 1]
    assert list(batches([])) == []


def test_a_volume_and_its_side_car_have_one_stem():
    """Both endings of a compressed volume are left out."""
    assert file_of(7, 1).stem == "a/7"


def test_files_are_listed_in_order_and_numbered(tmp_path, sandbox):
    """The number is what the report tells of a file."""
    for name in ("b.txt", "a/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = list_files(tmp_path, sandbox)

    assert [(one.number, str(one.relative)) for one in found] == [
        (1, "a/c.txt"),
        (2, "b.txt"),
    ]
    assert [one.number for one in list_files(tmp_path / "b.txt", sandbox)] == [1]


def test_an_archive_is_read_without_being_unpacked(tmp_path, sandbox, png):
    """Its members are numbered as files are, and read where they lie."""
    with zipfile.ZipFile(tmp_path / "study.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p/b.png", png)
        archive.writestr("p/a.png", png)

    found = list_files(tmp_path / "study.zip", sandbox)
    answers = answers_for(sandbox, inspect_files, [one.scan for one in found])

    assert [str(one.relative) for one in found] == ["p/a.png", "p/b.png"]
    assert {one.n_bytes for one in found} == {len(png)}
    assert [one["kind"] for one in answers] == ["picture", "picture"]
    assert [one.name for one in tmp_path.iterdir()] == ["study.zip"]


@pytest.mark.slow
def test_one_file_that_stops_the_reader_does_not_take_others_along(tmp_path, png):
    """The batch is read again file by file."""
    (tmp_path / "a.png").write_bytes(png)
    files = [ScanFile(path=tmp_path / one, name=one) for one in ("a.png", "gone.png")]

    with Sandbox() as sandbox:
        good, bad = answers_for(sandbox, inspect_files, files)

    assert good["kind"] == "picture"
    assert bad == {"refused": "reader-failed"}


@pytest.mark.slow
def test_the_folder_names_the_patient_where_that_is_asked_for(tmp_path, png):
    """A file directly in the input still names nobody."""
    for name in ("sub-01/a.png", "sub-01/b/c.png", "d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png)

    with Sandbox() as sandbox:
        found = read_input(tmp_path, DeidSpec(patient_from="folder"), sandbox, silent)

    (patient,) = found.patients
    assert patient.patient_id == "sub-01"
    assert len(patient.files) == 2
    assert [one.code for one in found.refused] == ["no-patient-id"]
    assert "sub-01" not in repr(patient).replace(str(tmp_path), "").split("files=")[0]
