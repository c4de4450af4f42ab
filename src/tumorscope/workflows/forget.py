"""A patient -> no link between person and pseudonym any more, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.errors import DataError
from tumorscope.io.vault import Erasure
from tumorscope.io.vault_audit import audit_log_of
from tumorscope.workflows.reidentify import find_patient, log_access, open_vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was erased.

    Attributes:
        erasure: The proof.
        log: The audit log that tells of it, by pseudonym.
    """

    erasure: Erasure
    log: Path

    def as_text(self) -> str:
        """Return lines for a terminal."""
        folders = [f"  {folder}" for folder in self.erasure.outputs]
        return "\n".join(
            (
                f"forgotten: nothing leads from {self.erasure.pseudonym} to a person",
                "  the vault has no row for the patient: yes",
                "  the sealed row is gone from the bytes of the file: yes",
                "  the same patient would get another secret: yes",
                "files under the pseudonym are still in:",
                *(folders or ("  no folder is known",)),
                "copies and backups of the vault keep the row until they are deleted; "
                "results and models made from the files keep their own traces",
                f"logged in {self.log}",
            )
        )


def pseudonym_of(
    patient: str,
    *,
    issuer: str = "",
    vault: Path | None = None,
    key_file: Path | None = None,
) -> str | None:
    """Return under which pseudonym a vault knows a patient; None where it does not.

    Args:
        patient: Pseudonym, or the original patient ID.
        issuer: Issuer of the patient ID, where the files name one.
        vault: File of the vault; the user's own unless set.
        key_file: File of its key; else the environment or the keyring.

    Raises:
        ConfigError: If the vault or its key cannot be used.
    """
    opened = open_vault(vault, key_file)
    entry = opened.find_pseudonym(patient) or opened.find(issuer, patient)
    return None if entry is None else entry.pseudonym


def forget(
    patient: str,
    *,
    why: str,
    issuer: str = "",
    vault: Path | None = None,
    key_file: Path | None = None,
) -> Forgotten:
    """Erase the link of a patient for good.

    Args:
        patient: Pseudonym, or the original patient ID.
        why: Reason, for the audit log.
        issuer: Issuer of the patient ID, where the files name one.
        vault: File of the vault; the user's own unless set.
        key_file: File of its key; else the environment or the keyring.

    Raises:
        ConfigError: If the vault holds no such patient, or no reason is given.
        DataError: If the erasure cannot be proven.
    """
    opened = open_vault(vault, key_file)
    entry = find_patient(opened, patient, issuer)
    log_access(opened.path, "forget", entry.pseudonym, why)
    erasure = opened.forget(entry)
    if not erasure.is_proven:
        raise DataError(
            f"{opened.path}: the row was deleted, but traces of it are left in the file; "
            "another program has it open: close it and run the command again"
        )
    return Forgotten(erasure=erasure, log=audit_log_of(opened.path))
