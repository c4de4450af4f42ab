"""A patient -> nothing of them left: rows, files, and the way back from the pseudonym.

The audit log keeps a tombstone: that a patient, known by a keyed hash, was erased.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import select

from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.audit_log.entry import Entry
from tumorscope.serve.audit_log.log import AuditLog
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import STUDIES
from tumorscope.serve.deidentify import VAULT_FILE, vault_of
from tumorscope.serve.removal import remove_study
from tumorscope.serve.storage import Storage
from tumorscope.workflows.forget import forget, pseudonym_of

VaultOutcome = Literal["erased", "no entry", "no vault"]
DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPatient:
    """What was erased.

    Attributes:
        studies: Number of studies.
        vault: What became of the way back from the pseudonym.
    """

    studies: int
    vault: VaultOutcome

    def as_text(self) -> str:
        """Return lines for a terminal."""
        return (
            f"erased: {self.studies} studies with files, results, readings and "
            f"feedback; de-identification vault: {self.vault}\n"
            "the audit log keeps a tombstone by keyed hash; back-ups keep the rest "
            "until they are deleted; what was sent to a PACS or exported stays there"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """Erases studies.

    Attributes:
        database: Rows.
        storage: Files.
        log: Gets a record of each study, and the tombstone.
    """

    database: Database
    storage: Storage
    log: AuditLog

    def erase_patient(
        self, patient_key: str, *, account_id: str, address: str | None = None
    ) -> ErasedPatient:
        """Erase all studies of a patient, and the entry in the vault.

        Args:
            patient_key: Key that the sender gave, original patient ID, or pseudonym.
            account_id: Who asks.
            address: From where.

        Raises:
            DataError: If the vault's row cannot be proven gone.
        """
        keys = {patient_key}
        vault, key_file = self._vault()
        pseudonym = None
        if vault is not None:
            pseudonym = pseudonym_of(patient_key, vault=vault, key_file=key_file)
            keys |= {pseudonym} if pseudonym else set()
        query = select(STUDIES.c.id).where(STUDIES.c.patient_key.in_(sorted(keys)))
        with self.database.read() as connection:
            studies = [row.id for row in connection.execute(query)]
        self.erase_studies(studies, account_id=account_id, address=address)
        if vault is not None and pseudonym is not None:
            forget(
                pseudonym,
                why="erasure of the patient",
                vault=vault,
                key_file=key_file,
            )
        self.log.append(
            Entry(
                action=Action.PATIENT_ERASED,
                account_id=account_id,
                address=address,
                patient=self.log.patient_hash(patient_key),
                detail=f"{len(studies)} studies",
            )
        )
        outcome: VaultOutcome = "no vault"
        if vault is not None:
            outcome = "erased" if pseudonym else "no entry"
        return ErasedPatient(studies=len(studies), vault=outcome)

    def erase_studies(
        self, studies: Sequence[str], *, account_id: str, address: str | None = None
    ) -> None:
        """Erase studies with their uploads, jobs, readings, feedback and files.

        A worker that is busy with one of them loses its job, and what it still writes is
        removed as an orphan.
        """
        for study in studies:
            remove_study(self.database, self.storage, study)
            self.log.append(
                Entry(
                    action=Action.STUDY_DELETED,
                    account_id=account_id,
                    address=address,
                    study_id=study,
                )
            )
        if studies:
            self._scrub()

    def erase_older(self, days: int, *, account_id: str) -> int:
        """Erase studies that were handed in more than some days ago; return how many."""
        oldest = time.time() - days * DAY_S
        query = select(STUDIES.c.id).where(STUDIES.c.created < oldest)
        with self.database.read() as connection:
            studies = [row.id for row in connection.execute(query)]
        self.erase_studies(studies, account_id=account_id)
        return len(studies)

    def _vault(self) -> tuple[Path, Path] | tuple[None, None]:
        if not (self.storage.data / VAULT_FILE).exists():
            return None, None
        return vault_of(self.storage.data)

    def _scrub(self) -> None:
        """Empty SQLite's journal; deleted rows are overwritten in the file itself.

        PostgreSQL does that in its own time: see the deployment page.
        """
        if self.database.is_sqlite:
            self.database.empty_journal()
