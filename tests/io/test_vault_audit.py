"""Tests of the audit log: it only grows, and shows when somebody helped it shrink."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.io.vault_audit import AuditLine, append_line, audit_log_of, read_log


def line(why="follow-up"):
    return AuditLine(
        when="2026-01-01T00:00:00+00:00",
        who="nurse",
        action="reidentify",
        pseudonym="PAAAA",
        why=why,
    )


@pytest.fixture
def log(tmp_path):
    place = audit_log_of(tmp_path / "vault.sqlite")
    for why in ("first", "second", "third"):
        append_line(place, line(why))
    return place


def test_lines_come_back_in_order(log):
    """Who, when and why, the oldest first."""
    assert [one.why for one in read_log(log)] == ["first", "second", "third"]
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("removed", [0, 1])
def test_a_line_taken_out_shows(log, removed):
    """Each line follows from the one before."""
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:removed] + lines[removed + 1 :]))

    with pytest.raises(DataError, match="altered"):
        read_log(log)


def test_a_changed_line_shows(log):
    """Another reason in the second line breaks the third."""
    log.write_text(log.read_text().replace("second", "other"))

    with pytest.raises(DataError, match="line 3"):
        append_line(log, line())


def test_damage_shows(log):
    """A line that is no line is named by its number."""
    log.write_text(log.read_text() + "garbage\n")

    with pytest.raises(DataError, match="line 4 is damaged"):
        read_log(log)


def test_no_log_has_no_lines(tmp_path):
    """A new vault has an empty log."""
    assert read_log(tmp_path / "absent") == ()
