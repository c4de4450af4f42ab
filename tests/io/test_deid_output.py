"""Tests of the output folder: whole files, going on after a stop, nothing foreign."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.deid_output import (
    JOURNAL,
    JournalHead,
    JournalLine,
    OutputFolder,
    refuse_overlap,
)

HEAD = JournalHead(settings="a", vault="b")


def open_output(place, *, head=HEAD, resumes=True):
    return OutputFolder(place, head, resumes=resumes)


def finish(output, key="k", content=b"scan"):
    path = output.write(PurePosixPath("P1") / f"{key}.dcm", content)
    line = JournalLine(
        key=key,
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        pseudonym="P1",
        counts=(("1048592", "pseudonym", 1),),
        group="g",
        age="",
        sex="",
    )
    output.record(line)
    return line


def test_a_stopped_run_goes_on(tmp_path):
    """What was finished is known again; a cut line and partial files are not."""
    line = finish(open_output(tmp_path / "out"))
    journal = tmp_path / "out" / JOURNAL
    journal.write_text(journal.read_text() + '{"key": "cut o')
    partial = tmp_path / "out" / "data" / "P1" / ".x.dcm.1.partial"
    partial.write_bytes(b"half")

    again = open_output(tmp_path / "out")

    assert again.is_done("k")
    assert not again.is_done("other")
    assert not partial.exists()
    finish(again, "second")
    assert set(open_output(tmp_path / "out").lines) == {line.key, "second"}


def test_a_finished_file_that_was_changed_is_made_again(tmp_path):
    """The journal knows the digest of what it wrote."""
    output = open_output(tmp_path / "out")
    line = finish(output)
    (tmp_path / "out" / line.path).write_bytes(b"changed")

    assert not open_output(tmp_path / "out").is_done("k")


def test_without_kept_keys_a_run_begins_again(tmp_path):
    """Other pseudonyms for the second half would split every patient."""
    line = finish(open_output(tmp_path / "out"))

    again = open_output(tmp_path / "out", resumes=False)

    assert again.lines == {}
    assert not (tmp_path / "out" / line.path).exists()


def test_other_settings_do_not_go_on(tmp_path):
    """One folder holds one kind of output."""
    open_output(tmp_path / "out")

    with pytest.raises(ConfigError, match="other settings"):
        open_output(tmp_path / "out", head=JournalHead(settings="z", vault="b"))


def test_foreign_files_are_refused(tmp_path):
    """A folder in use is never written into, and its content is not named."""
    (tmp_path / "Vandermolen").mkdir()

    with pytest.raises(ConfigError, match="new or empty folder") as caught:
        open_output(tmp_path)
    assert "Vandermolen" not in str(caught.value).removeprefix(str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file"):
        open_output(tmp_path / "file")


def test_a_damaged_journal_is_refused(tmp_path):
    """It cannot be told what the folder was made with."""
    open_output(tmp_path / "out")
    (tmp_path / "out" / JOURNAL).write_text("garbage\n")

    with pytest.raises(DataError, match="damaged"):
        open_output(tmp_path / "out")


def test_a_file_can_be_taken_back(tmp_path):
    """File and line go, the others stay."""
    output = open_output(tmp_path / "out")
    kept, line = finish(output, "a"), finish(output, "b")

    output.withdraw(line)

    assert not (tmp_path / "out" / line.path).exists()
    assert set(open_output(tmp_path / "out").lines) == {kept.key}


def test_input_output_and_vault_are_kept_apart(tmp_path):
    """The source is never touched, and the vault never handed over with the data."""
    source, out = tmp_path / "in", tmp_path / "out"
    (out / "in").mkdir(parents=True)
    source.mkdir()
    refuse_overlap(source, out, tmp_path / "vault.sqlite")

    for inner, outer in ((source, source / "out"), (out / "in", out), (source, source)):
        with pytest.raises(ConfigError, match="within one another"):
            refuse_overlap(inner, outer, None)
    with pytest.raises(ConfigError, match="no such file"):
        refuse_overlap(tmp_path / "absent", out, None)
    with pytest.raises(ConfigError, match="kept apart"):
        refuse_overlap(source, out, out / "vault.sqlite")
