"""The vault: one sealed row for each patient, without which no pseudonym leads back.

A row holds the patient's secret and, for those who may look, who it is. It stands under
an HMAC of issuer and patient ID, so that the file alone does not even tell whether a
patient is in it. Deleting the row is erasure: the secret was random and exists nowhere
else, so that not even the same patient ID brings the old pseudonym back.

References:
    NIST SP 800-88 (cryptographic erase); GDPR, Articles 4(5), 17.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tumorscope.deid.keys import new_secret
from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.io.vault_seal import Entry, VaultSeal

VAULT_FORMAT = 1
_BUSY_MS = 30_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS patients (lookup BLOB PRIMARY KEY, sealed BLOB NOT NULL)
WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What forgetting a patient came to.

    Attributes:
        pseudonym: The name whose link to the person is gone.
        outputs: Folders that received files of the patient, and still hold them.
        is_row_gone: The vault no longer has a row for the patient.
        is_file_clean: The sealed row is no longer in the bytes of the vault's file.
        is_unrelated: A new entry for the same patient got another secret.
    """

    pseudonym: str
    outputs: tuple[str, ...]
    is_row_gone: bool
    is_file_clean: bool
    is_unrelated: bool

    @property
    def is_proven(self) -> bool:
        """Whether all three hold."""
        return self.is_row_gone and self.is_file_clean and self.is_unrelated


class Vault:
    """An SQLite file of sealed rows; any number of processes may use it at once."""

    def __init__(self, path: Path, master_key: bytes) -> None:
        """Open a vault, or make an empty one.

        Args:
            path: Its file.
            master_key: 32 bytes.

        Raises:
            ConfigError: If the key is not that of the vault.
            DataError: If the file is no vault.
        """
        self.path = path
        self._seal = VaultSeal(master_key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        try:
            with self._connect() as connection:
                connection.executescript(_SCHEMA)
                self._verify(connection)
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path}: is no vault that can be read") from error

    @property
    def vault_id(self) -> str:
        """A random name of this vault, for the journals of runs."""
        with self._connect() as connection:
            row = connection.execute("SELECT value FROM facts WHERE name = 'id'")
            return bytes(row.fetchone()[0]).hex()

    def entry_of(
        self, issuer: str, patient_id: str, *, names: Sequence[str], output: str
    ) -> Entry:
        """Return the entry of a patient, made on first use.

        Args:
            issuer: Issuer of the patient ID; may be empty.
            patient_id: Patient ID.
            names: Names to remember for re-identification.
            output: Folder that receives files of the patient.
        """
        lookup = self._seal.lookup_of(issuer, patient_id)
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = self._read(connection, lookup)
            entry = Entry(
                secret=found.secret if found else new_secret(),
                issuer=issuer,
                patient_id=patient_id,
                names=tuple(sorted({*(found.names if found else ()), *names})),
                outputs=tuple(sorted({*(found.outputs if found else ()), output})),
            )
            if entry != found:
                connection.execute(
                    "INSERT OR REPLACE INTO patients VALUES (?, ?)",
                    (lookup, self._seal.seal(lookup, entry)),
                )
            connection.commit()
        return entry

    def find(self, issuer: str, patient_id: str) -> Entry | None:
        """Return the entry of a patient; None where there is none."""
        with self._connect() as connection:
            return self._read(connection, self._seal.lookup_of(issuer, patient_id))

    def find_pseudonym(self, pseudonym: str) -> Entry | None:
        """Return the entry behind a pseudonym; every row has to be opened for it."""
        with self._connect() as connection:
            rows = connection.execute("SELECT lookup, sealed FROM patients").fetchall()
        entries = (self._seal.open(lookup, sealed) for lookup, sealed in rows)
        return next((one for one in entries if one.pseudonym == pseudonym), None)

    def forget(self, entry: Entry) -> Erasure:
        """Delete a patient's row for good, and prove it.

        The pages are overwritten and the file is rewritten. Copies of the file, and what
        a file system keeps of it, are beyond reach: backups must be rotated.

        Args:
            entry: As `find` returned it.
        """
        lookup = self._seal.lookup_of(entry.issuer, entry.patient_id)
        with self._connect() as connection:
            row = connection.execute(
                "SELECT sealed FROM patients WHERE lookup = ?", (lookup,)
            ).fetchone()
            connection.execute("DELETE FROM patients WHERE lookup = ?", (lookup,))
            connection.commit()
            connection.execute("VACUUM")
        content = self.path.read_bytes()
        traces = (lookup, *(() if row is None else (bytes(row[0]),)))
        return Erasure(
            pseudonym=entry.pseudonym,
            outputs=entry.outputs,
            is_row_gone=self.find(entry.issuer, entry.patient_id) is None,
            is_file_clean=not any(trace in content for trace in traces),
            is_unrelated=self._would_be_new(lookup, entry),
        )

    def rotate(self, new_master: bytes) -> int:
        """Seal every row under another key, in one transaction; the old key is void.

        Secrets, and so pseudonyms, stay. What a file system keeps of the old file, and
        copies of it, still open with the old key: destroy it, and rotate backups.

        Args:
            new_master: 32 bytes.

        Returns:
            Number of rows.

        Raises:
            DataError: If a row was altered; then nothing is changed.
        """
        other = VaultSeal(new_master)
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._verify_probe(connection)
            rows = connection.execute("SELECT lookup, sealed FROM patients").fetchall()
            entries = [self._seal.open(lookup, sealed) for lookup, sealed in rows]
            connection.execute("DELETE FROM patients")
            for entry in entries:
                lookup = other.lookup_of(entry.issuer, entry.patient_id)
                row = (lookup, other.seal(lookup, entry))
                connection.execute("INSERT INTO patients VALUES (?, ?)", row)
            connection.execute(
                "UPDATE facts SET value = ? WHERE name = 'probe'", (other.new_probe(),)
            )
            connection.commit()
            connection.execute("VACUUM")
        self._seal = other
        return len(entries)

    def _would_be_new(self, lookup: bytes, entry: Entry) -> bool:
        """Return whether the same patient would get another secret; nothing is kept."""
        with self._connect() as connection:
            found = self._read(connection, lookup)
        again = found.secret if found else new_secret()
        return not hmac.compare_digest(again, entry.secret)

    def _read(self, connection: sqlite3.Connection, lookup: bytes) -> Entry | None:
        row = connection.execute(
            "SELECT sealed FROM patients WHERE lookup = ?", (lookup,)
        ).fetchone()
        return None if row is None else self._seal.open(lookup, row[0])

    def _verify(self, connection: sqlite3.Connection) -> None:
        """Write what tells the right key from a wrong one, or compare with it."""
        connection.execute("BEGIN IMMEDIATE")
        facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        if not facts:
            facts = {
                "format": str(VAULT_FORMAT).encode(),
                "id": secrets.token_bytes(8),
                "probe": self._seal.new_probe(),
            }
            connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        connection.commit()
        if facts.get("format") != str(VAULT_FORMAT).encode():
            raise DataError(f"{self.path}: a vault of another version")
        self._verify_probe(connection)

    def _verify_probe(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT value FROM facts WHERE name = 'probe'")
        if not self._seal.fits(bytes(row.fetchone()[0])):
            raise ConfigError(f"{self.path}: this is not the key of the vault")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """Connect for one transaction; deleted content is overwritten with zeros."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            connection.execute("PRAGMA secure_delete = ON")
            # A journal on the disk would hold what was just deleted.
            connection.execute("PRAGMA journal_mode = MEMORY")
            yield connection
