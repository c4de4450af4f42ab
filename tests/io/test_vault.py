"""Tests of the vault: sealed, the same for everyone with the key, and able to forget."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.vault import Vault

KEY = bytes(range(32))


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault.sqlite", KEY)


def enter(vault, patient_id="KX-4471-902", issuer="", output="/out"):
    return vault.entry_of(
        issuer, patient_id, names=["Vandermolen^Wilhelmina"], output=output
    )


def test_a_patient_has_one_secret(vault, tmp_path):
    """Opened again, by another process or on another day, it is the same."""
    first = enter(vault)

    again = enter(Vault(tmp_path / "vault.sqlite", KEY), output="/other")

    assert again.secret == first.secret
    assert again.outputs == ("/other", "/out")
    assert enter(vault, "KX-4471-903").secret != first.secret
    assert enter(vault, issuer="Clinic").secret != first.secret


def test_many_at_once_agree_on_one_secret(vault):
    """Two runs that meet the same new patient do not split it in two."""
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: enter(vault), range(24)))

    assert len({one.secret for one in entries}) == 1


def test_the_file_tells_nothing(vault):
    """Neither names nor IDs nor secrets stand in it, nor who is in it."""
    entry = enter(vault)

    content = vault.path.read_bytes()
    for told in (b"KX-4471-902", b"Vandermolen", entry.secret, b"/out"):
        assert told not in content
    assert entry.pseudonym.encode() not in content


def test_the_way_back_needs_the_key(vault):
    """With vault and key a pseudonym leads back; with another key nothing opens."""
    entry = enter(vault)

    found = vault.find_pseudonym(entry.pseudonym)

    assert (found.patient_id, found.names) == (
        "KX-4471-902",
        ("Vandermolen^Wilhelmina",),
    )
    assert vault.find_pseudonym("P" + 16 * "A") is None
    with pytest.raises(ConfigError, match="not the key"):
        Vault(vault.path, bytes(32))


def test_forgetting_is_for_good(vault):
    """No row, no bytes, and the same patient ID brings another secret."""
    entry, other = enter(vault), enter(vault, "other")
    with sqlite3.connect(vault.path) as connection:
        rows = connection.execute("SELECT lookup, sealed FROM patients").fetchall()

    erasure = vault.forget(entry)

    assert erasure.is_proven
    assert erasure.outputs == ("/out",)
    content = vault.path.read_bytes()
    assert sum(sealed in content for _, sealed in rows) == 1
    assert vault.find("", "KX-4471-902") is None
    assert vault.find("", "other") == other
    assert enter(vault).secret != entry.secret
    assert [path.name for path in vault.path.parent.iterdir()] == ["vault.sqlite"]


def test_a_row_that_was_moved_or_altered_does_not_open(vault):
    """A sealed row belongs to one patient."""
    enter(vault), enter(vault, "other")
    with sqlite3.connect(vault.path) as connection:
        rows = connection.execute("SELECT lookup, sealed FROM patients").fetchall()
        connection.execute(
            "UPDATE patients SET sealed = ? WHERE lookup = ?", (rows[0][1], rows[1][0])
        )

    with pytest.raises(DataError, match="altered"):
        vault.find_pseudonym("P")


def test_another_file_is_no_vault(tmp_path):
    """A damaged vault is an error with its name, not a new vault."""
    (tmp_path / "vault.sqlite").write_bytes(b"no database at all" * 100)

    with pytest.raises(DataError, match="no vault"):
        Vault(tmp_path / "vault.sqlite", KEY)


def test_nobody_else_may_read_the_file(vault):
    """It is made for its owner alone."""
    assert vault.path.stat().st_mode & 0o077 == 0


def test_entries_do_not_show_what_they_hold(vault):
    """A log that shows an entry shows no patient."""
    shown = repr(enter(vault))

    assert "KX-4471" not in shown
    assert "Vandermolen" not in shown
