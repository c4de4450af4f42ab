"""Tests of `tumorscope deid`: IN OUT is short for `run`, and the other commands answer."""

from __future__ import annotations

import sys

import pytest

from tumorscope.cli import main


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs a command line: exit status, stdout and stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["tumorscope", "deid", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as stopped:
            status = stopped.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.mark.slow
def test_two_folders_are_enough(call, tmp_path, png):
    """A picture in a patient's folder is written; the promise is printed with its limits."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.png").write_bytes(png)
    chosen = ("--mode", "one-way", "--set", "deid.patient_from=folder")

    status, out, _ = call(tmp_path / "in", tmp_path / "out", *chosen)

    assert status == 0
    assert "1 of 1 file written" in out
    assert "Not anonymous" in out
    assert (tmp_path / "out" / "deid.html").is_file()


@pytest.mark.slow
def test_nothing_written_is_exit_status_two(call, tmp_path, png):
    """A picture that names nobody stays in quarantine."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(png)

    status, out, _ = call(tmp_path / "in", tmp_path / "out", "--mode", "one-way")

    assert status == 2
    assert "1 file in quarantine" in out


def test_a_key_is_made_and_never_shown(call, tmp_path):
    """The command says where it is, not what it is."""
    status, out, _ = call("new-key", tmp_path / "key")

    assert status == 0
    assert out.strip() == f"key: {tmp_path / 'key'}"
    assert (tmp_path / "key").read_text().strip() not in out


def test_a_misspelled_mode_is_one_line(call, tmp_path):
    """Nothing is read or written."""
    status, _, err = call(tmp_path, tmp_path.parent / "out", "--mode", "anonymous")

    assert status == 2
    assert "deid.mode" in err


@pytest.mark.parametrize("command", ["forget", "reidentify"])
def test_ways_back_need_a_vault(call, tmp_path, command):
    """A vault is never made by looking into it."""
    vault = tmp_path / "none.sqlite"

    status, _, err = call(command, "P", "--why", "x", "--vault", vault)

    assert status == 2
    assert "no vault there" in err
    assert not vault.exists()
