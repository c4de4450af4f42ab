"""Appending to the audit log and reading it back."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, text

from tumorscope.serve.audit_log.entry import START_SEAL, Entry, body_of, seal_of
from tumorscope.serve.audit_log.table import RECORDS
from tumorscope.serve.database.engine import Database

_PAGE = 1000
_LOCK = 0x6175646974
"""Any number, the same for all processes of one PostgreSQL database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditKeys:
    """What the log is sealed with.

    Attributes:
        chain: Key of the seals, 32 bytes.
        patients: Key of the patients' hashes, 32 bytes.
    """

    chain: bytes = field(repr=False)
    patients: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it stands in the table.

    Attributes:
        number: From 1 without gaps.
        body: Canonical JSON.
        seal: HMAC-SHA-256 as hexadecimal digits.
    """

    number: int
    body: str
    seal: str


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """An entry on its way to the disk."""

    entry: Entry
    when: str
    number: int = 0
    error: Exception | None = None


class AuditLog:
    """Records that only grow.

    Threads of one process that append at the same time share one commit; processes wait
    for each other in the database.
    """

    def __init__(
        self,
        database: Database,
        keys: AuditKeys,
        *,
        after: Callable[[int, str], None] | None = None,
    ) -> None:
        """Keep the log of a database whose tables exist.

        Args:
            database: Its commits are on the disk when they return.
            keys: Keys.
            after: Told the number and seal of the last record after each commit.
        """
        self._database = database
        self._keys = keys
        self._after = after
        self._host = socket.gethostname()
        self._waiting: list[_Waiting] = []
        self._queue = threading.Lock()
        self._writing = threading.Lock()

    @property
    def keys(self) -> AuditKeys:
        """Its keys."""
        return self._keys

    def patient_hash(self, patient_key: str | None) -> str | None:
        """Return the keyed hash under which the log knows a patient.

        Args:
            patient_key: Whatever names the patient; None stays None.
        """
        if patient_key is None:
            return None
        digest = hmac.new(self._keys.patients, patient_key.encode(), hashlib.sha256)
        return digest.hexdigest()

    def append(self, entry: Entry) -> int:
        """Write a record and return its number; it is on disk then.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it cannot be written.
        """
        mine = _Waiting(entry=entry, when=_now())
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            if not mine.number and mine.error is None:
                self._write_all()
        if mine.error is not None:
            raise mine.error
        return mine.number

    def read(self, *, above: int = 0) -> Iterator[Record]:
        """Yield records in the order of their numbers.

        Args:
            above: Start after this number.
        """
        query = select(RECORDS).order_by(RECORDS.c.number).limit(_PAGE)
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    query.where(RECORDS.c.number > above)
                ).fetchall()
            for number, body, seal in rows:
                yield Record(number=number, body=body, seal=seal)
            if len(rows) < _PAGE:
                return
            above = rows[-1].number

    def head(self) -> tuple[int, str]:
        """Return number and seal of the last record; 0 and the start where none is."""
        with self._database.read() as connection:
            return _head(connection)

    def _write_all(self) -> None:
        """Write everything that waits in one commit; the caller holds `_writing`."""
        with self._queue:
            batch, self._waiting = self._waiting, []
        try:
            numbers, seal = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - each waiting thread raises it itself
            for one in batch:
                one.error = error
            return
        for one, number in zip(batch, numbers, strict=True):
            one.number = number
        if self._after is not None:
            self._after(numbers[-1], seal)

    def _commit(self, batch: Sequence[_Waiting]) -> tuple[list[int], str]:
        with self._database.write() as connection:
            if not self._database.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            number, seal = _head(connection)
            rows: list[dict[str, object]] = []
            for one in batch:
                number += 1
                body = body_of(one.entry, when=one.when, host=self._host)
                seal = seal_of(self._keys.chain, number, seal, body)
                rows.append({"number": number, "body": body, "seal": seal})
            connection.execute(insert(RECORDS), rows)
        return list(range(number - len(batch) + 1, number + 1)), seal


def _head(connection: Connection) -> tuple[int, str]:
    query = select(RECORDS.c.number, RECORDS.c.seal)
    row = connection.execute(query.order_by(RECORDS.c.number.desc()).limit(1)).first()
    return (0, START_SEAL) if row is None else (row.number, row.seal)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
