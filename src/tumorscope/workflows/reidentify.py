"""Pseudonym + vault + key -> who it is, for whoever may know; every look is logged."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from pathlib import Path

from tumorscope.domain.errors import ConfigError
from tumorscope.io.vault import Vault
from tumorscope.io.vault_audit import (
    AuditAction,
    AuditLine,
    append_line,
    audit_log_of,
)
from tumorscope.io.vault_key import read_master_key, store_new_key, write_new_key
from tumorscope.io.vault_seal import Entry
from tumorscope.workflows.deid import default_vault
from tumorscope.workflows.recording import now


@dataclass(frozen=True, slots=True, kw_only=True)
class Reidentified:
    """Who a pseudonym stands for.

    Attributes:
        patient_id: Original patient ID.
        issuer: Its issuer; may be empty.
        names: Original names.
        log: The audit log that now tells of it.
    """

    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    log: Path

    def as_text(self) -> str:
        """Return lines for a terminal."""
        issuer = f" (issuer {self.issuer})" if self.issuer else ""
        names = "; ".join(self.names) or "no name known"
        return f"patient ID {self.patient_id}{issuer}\n{names}\nlogged in {self.log}"


def reidentify(
    pseudonym: str,
    *,
    why: str,
    vault: Path | None = None,
    key_file: Path | None = None,
) -> Reidentified:
    """Look up who a pseudonym stands for; the look is logged before it is answered.

    Args:
        pseudonym: As in the output, `P` and 16 characters.
        why: Reason, for the audit log.
        vault: File of the vault; the user's own unless set.
        key_file: File of its key; else the environment or the keyring.

    Raises:
        ConfigError: If there is no such pseudonym, reason, vault or key.
        DataError: If the vault or the log was altered.
    """
    opened = open_vault(vault, key_file)
    log_access(opened.path, "reidentify", pseudonym, why)
    entry = opened.find_pseudonym(pseudonym)
    if entry is None:
        raise ConfigError(
            f"{pseudonym}: not in {opened.path}: made with another vault, or forgotten"
        )
    return Reidentified(
        patient_id=entry.patient_id,
        issuer=entry.issuer,
        names=entry.names,
        log=audit_log_of(opened.path),
    )


def open_vault(vault: Path | None, key_file: Path | None) -> Vault:
    """Open a vault that exists.

    Raises:
        ConfigError: If there is none, or its key is missing or wrong.
    """
    place = vault or default_vault()
    if not place.is_file():
        raise ConfigError(f"{place}: no vault there; name it with --vault")
    return Vault(place, read_master_key(key_file))


def find_patient(vault: Vault, patient: str, issuer: str) -> Entry:
    """Return the entry of a pseudonym or of an original patient ID.

    Raises:
        ConfigError: If the vault holds neither.
    """
    entry = vault.find_pseudonym(patient) or vault.find(issuer, patient)
    if entry is None:
        raise ConfigError(
            f"no such patient in {vault.path}: give the pseudonym, or the patient ID "
            "with --issuer where the files name one"
        )
    return entry


def log_access(vault: Path, action: AuditAction, pseudonym: str, why: str) -> None:
    """Write who does what, and why, before it is done.

    Raises:
        ConfigError: If no reason is given.
    """
    if not why.strip():
        raise ConfigError("--why is empty: the audit log needs the reason")
    append_line(
        audit_log_of(vault),
        AuditLine(
            when=now(),
            who=getpass.getuser(),
            action=action,
            pseudonym=pseudonym,
            why=why.strip(),
        ),
    )


def make_key(file: Path | None, *, in_keyring: bool) -> str:
    """Make a key for a vault.

    Args:
        file: New file, or None.
        in_keyring: Whether it goes into the keyring of the system.

    Returns:
        Where it is, in words.

    Raises:
        ConfigError: If neither or both are named, or there is a key already.
    """
    if (file is None) != in_keyring:
        raise ConfigError("name a new file for the key, or say --keyring")
    if file is None:
        store_new_key()
        return "the keyring of this system"
    write_new_key(file)
    return str(file)
