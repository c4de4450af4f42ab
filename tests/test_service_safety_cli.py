"""Accounts, the audit log and erasure from the command line."""

from __future__ import annotations

import sqlite3

import pytest
from typer.testing import CliRunner

from tumorscope.cli import app
from tumorscope.domain.errors import ConfigError

PASSWORD = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs a command on a data folder of its own."""
    for name in ("TUMORSCOPE_SERVICE_KEY", "TUMORSCOPE_SERVICE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words, text="", status=0):
        command = [*words, "--data", str(tmp_path / "data")]
        result = CliRunner().invoke(app, command, input=text)
        if isinstance(result.exception, ConfigError):
            return result.exception
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_accounts_are_made_listed_shut_and_opened(run, tmp_path):
    """Passwords come from a file or a pipe; the list never shows one."""
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    run("accounts", "add", "anna", "--role", "admin", "--password-file", str(file))
    run("accounts", "add", "ben", text=PASSWORD + "\n")
    run("accounts", "add", "pacs", "--role", "service")
    run("accounts", "disable", "ben")
    listed = run("accounts", "list")

    assert [line.split("\t")[:3] for line in listed.splitlines()] == [
        ["anna", "admin", "open"],
        ["ben", "reader", "disabled"],
        ["pacs", "service", "open"],
    ]
    assert "open" in run("accounts", "disable", "ben", "--undo")
    assert "new password" in run(
        "accounts", "password", "ben", text="quite another one\n"
    )
    assert "6 records" in run("audit-log", "verify")


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        (("accounts", "add", "anna"), "short\n", "12 to 256"),
        (("accounts", "add", "anna"), "", "12 to 256"),
        (("accounts", "add", "anna", "--role", "root"), "", "none of reader"),
        (("accounts", "list"), "", "no data of a service"),
        (("audit-log", "verify"), "", "no data of a service"),
        (("erase", "-"), "key\n", "no data of a service"),
    ],
)
def test_what_cannot_be_done_is_said(run, words, text, message):
    """Weak passwords, odd roles and folders without a service are one clear error."""
    assert message in str(run(*words, text=text))


def test_a_changed_record_is_named_and_the_status_is_three(run, tmp_path):
    """Who edits the table behind the service's back is found out."""
    for name in ("one", "two", "three"):
        run("accounts", "add", name, "--role", "service")
    checkpoint = run("audit-log", "checkpoint")
    kept = tmp_path / "checkpoints.jsonl"
    kept.write_text(checkpoint)
    with sqlite3.connect(tmp_path / "data" / "tumorscope.sqlite") as connection:
        connection.execute("DROP TRIGGER audit_records_no_delete")
        connection.execute("DELETE FROM audit_records WHERE number = 3")

    cut = run("audit-log", "verify", "--checkpoint", str(kept), status=3)

    assert "record 3 is the first bad one" in cut


def test_erasing_reads_the_key_from_a_pipe_and_leaves_a_tombstone(run):
    """The key of a patient need not stand in the shell's history."""
    run("accounts", "add", "pacs", "--role", "service")

    erased = run("erase", "-", text="some-key\n")

    assert "erased: 0 studies" in erased
    assert "tombstone" in erased
    assert "2 records" in run("audit-log", "verify")
