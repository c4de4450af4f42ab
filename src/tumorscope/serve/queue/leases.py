"""The queue: submit, claim, report, finish, release.

A claim writes a random token and a lease into the job's row. Only who shows that token can
finish the job, so that a worker which was thought dead cannot end it a second time. A job
whose lease ran out is claimed again, until its attempts are used up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from tumorscope.domain.errors import TumorscopeError
from tumorscope.serve.database.clock import LeaseClock, wall_time
from tumorscope.serve.database.counters import count
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import CRASHES, JOBS, STUDIES
from tumorscope.serve.queue.job import (
    CANCELED,
    QUARANTINED,
    TOO_OFTEN,
    WAITING,
    Claim,
    Failure,
    NewJob,
    Report,
)
from tumorscope.serve.settings import QueueLimits
from tumorscope.serve.storage import new_id

_LOCK = 0x6A6F6273
"""Any number, the same for all processes of one PostgreSQL database."""


class FullError(TumorscopeError):
    """As many jobs wait as may wait.

    Attributes:
        waiting: How many.
    """

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} jobs wait")
        self.waiting = waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What the queue holds.

    Attributes:
        counts: Jobs by state.
        oldest_s: Seconds that the oldest queued job has waited; 0 without one.
    """

    counts: Mapping[str, int]
    oldest_s: float

    @property
    def waiting(self) -> int:
        """Jobs that are not at their end."""
        return sum(self.counts.get(state, 0) for state in WAITING)


class JobQueue:
    """Jobs in a database; any number of processes may hold one over the same rows."""

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        """Keep the database and the limits."""
        self._database = database
        self._limits = limits
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)

    def submit(self, connection: Connection, job: NewJob) -> str:
        """Add a job in the transaction of the caller; it counts from its commit on.

        Args:
            connection: From `Database.write`.
            job: What is asked for.

        Returns:
            Its identifier; that of the earlier job where the key is known.

        Raises:
            FullError: If as many jobs wait as may wait; a repeat is answered even then.
        """
        self._lock(connection)  # so that nobody else counts and adds meanwhile
        key = job.idempotency_key
        query = select(JOBS.c.id).where(JOBS.c.idempotency_key == key)
        known = connection.execute(query).scalar()
        if known is not None:
            return str(known)
        waiting = _count_waiting(connection)
        if waiting >= self._limits.waiting_jobs:
            raise FullError(waiting)
        made = new_id()
        connection.execute(
            JOBS.insert().values(
                id=made,
                study_id=job.study_id,
                kind=job.kind,
                idempotency_key=key,
                content_digest=job.content_digest,
                state="queued",
                attempts=0,
                done=0,
                total=0,
                cancel_wanted=False,
                created=wall_time(),
            )
        )
        return made

    def claim(self, worker: str) -> Claim | None:
        """Take the oldest job that nobody works on.

        Args:
            worker: Name of the process, so that its death can be told of its jobs.

        Returns:
            The job, leased; None where there is nothing to do.
        """
        if not self._has_work():  # without the lock that writing takes
            return None
        with self._database.write() as connection:
            while (row := self._next(connection)) is not None:
                failure = self._why_not(connection, row)
                if failure is None:
                    return self._lease(connection, row, worker)
                _end(connection, row.id, failure)
                if row.kind == "screen":
                    _mark_study(connection, row.study_id, failure)
        return None

    def report(self, claim: Claim, report: Report) -> bool:
        """Extend the lease and say how far the job got.

        Returns:
            Whether to go on: False where the job was canceled or is somebody else's.
        """
        with self._database.write() as connection:
            row = connection.execute(
                update(JOBS)
                .where(_is_owned(claim))
                .values(
                    lease_until=self._clock.now(connection) + self._limits.lease_s,
                    lease_epoch=self._clock.epoch,
                    stage=report.stage[:80],
                    done=report.done,
                    total=report.total,
                )
                .returning(JOBS.c.cancel_wanted)
            ).first()
        return row is not None and not row.cancel_wanted

    def finish(
        self, claim: Claim, *, record: Callable[[Connection], None] = lambda _: None
    ) -> bool:
        """End a job well, and write its result in the same transaction.

        Args:
            claim: The claim under which it was done.
            record: Writes the result.

        Returns:
            Whether it counted; False where the claim was lost, and nothing was written.
        """
        with self._database.write() as connection:
            if not _leave(connection, claim, "done"):
                return False
            record(connection)
            count(connection, "jobs", "done")
        return True

    def fail(self, claim: Claim, failure: Failure) -> bool:
        """End a job badly, for good.

        Returns:
            Whether it counted.
        """
        state = "canceled" if failure is CANCELED else "failed"
        with self._database.write() as connection:
            if not _leave(connection, claim, state, failure):
                return False
            if claim.kind == "screen":
                _mark_study(connection, claim.study_id, failure)
            count(connection, "jobs", state)
            count(connection, "rejects", failure.code)
        return True

    def release(self, claim: Claim, *, is_attempt: bool) -> bool:
        """Put a job back into the queue.

        Args:
            claim: The claim to give up.
            is_attempt: Whether it counts towards the attempts; it does not where the
                service is asked to stop.

        Returns:
            Whether it was still ours.
        """
        attempts = claim.attempt if is_attempt else claim.attempt - 1
        with self._database.write() as connection:
            done = connection.execute(
                update(JOBS)
                .where(_is_owned(claim))
                .values(state="queued", owner=None, worker=None, attempts=attempts)
            )
        return bool(done.rowcount)

    def bury(self, worker: str, *, crashed: bool) -> int:
        """Put the jobs of a dead process back into the queue at once.

        Args:
            worker: Its name.
            crashed: Whether what it worked on may have ended it; then the content is
                counted, and quarantined at the limit.

        Returns:
            Number of its jobs.
        """
        with self._database.write() as connection:
            rows = connection.execute(
                update(JOBS)
                .where(JOBS.c.worker == worker, JOBS.c.state == "running")
                .values(state="queued", owner=None, worker=None)
                .returning(JOBS.c.content_digest)
            ).all()
            for row in rows if crashed else ():
                _count_crash(connection, row.content_digest)
            count(connection, "worker_deaths", "crashed" if crashed else "killed")
        return len(rows)

    def note_crash(self, digest: str) -> None:
        """Count a content that ended its worker, or used up its memory."""
        with self._database.write() as connection:
            _count_crash(connection, digest)

    def cancel(self, connection: Connection, job_id: str) -> bool:
        """Cancel a job: at once while it waits, else at its next report.

        Returns:
            Whether it was not at its end yet.
        """
        row = connection.execute(
            select(JOBS.c.state, JOBS.c.kind, JOBS.c.study_id).where(
                JOBS.c.id == job_id
            )
        ).first()
        if row is None or row.state not in WAITING:
            return False
        if row.state == "queued":
            _end(connection, job_id, CANCELED)
            if row.kind == "screen":
                _mark_study(connection, row.study_id, CANCELED)
        else:
            connection.execute(
                update(JOBS).where(JOBS.c.id == job_id).values(cancel_wanted=True)
            )
        return True

    def is_quarantined(self, connection: Connection, digest: str) -> bool:
        """Return whether a content ended its workers too often."""
        query = select(CRASHES.c.times).where(CRASHES.c.content_digest == digest)
        return (connection.execute(query).scalar() or 0) >= self._limits.crashes

    def depth(self, connection: Connection) -> Depth:
        """Return what the queue holds."""
        by_state = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
        counts: dict[str, int] = dict(connection.execute(by_state).all())
        oldest = connection.execute(
            select(func.min(JOBS.c.created)).where(JOBS.c.state == "queued")
        ).scalar()
        waited = 0.0 if oldest is None else max(wall_time() - oldest, 0.0)
        return Depth(counts=counts, oldest_s=waited)

    def _has_work(self) -> bool:
        with self._database.read() as connection:
            query = select(JOBS.c.id).where(self._is_free(connection)).limit(1)
            return connection.execute(query).first() is not None

    def _is_free(self, connection: Connection) -> Any:
        expired = or_(
            JOBS.c.lease_until < self._clock.now(connection),
            JOBS.c.lease_epoch != self._clock.epoch,  # leased before a reboot
        )
        return or_(JOBS.c.state == "queued", and_(JOBS.c.state == "running", expired))

    def _next(self, connection: Connection) -> Any:
        query = (
            select(
                *(JOBS.c.id, JOBS.c.study_id, JOBS.c.kind, JOBS.c.attempts),
                *(JOBS.c.content_digest, JOBS.c.cancel_wanted),
            )
            .where(self._is_free(connection))
            .order_by(JOBS.c.kind, JOBS.c.created, JOBS.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return connection.execute(query).first()

    def _why_not(self, connection: Connection, row: Any) -> Failure | None:
        if row.cancel_wanted:
            return CANCELED
        if self.is_quarantined(connection, row.content_digest):
            return QUARANTINED
        return TOO_OFTEN if row.attempts >= self._limits.attempts else None

    def _lease(self, connection: Connection, row: Any, worker: str) -> Claim:
        owner = secrets.token_hex(16)
        connection.execute(
            update(JOBS)
            .where(JOBS.c.id == row.id)
            .values(
                state="running",
                owner=owner,
                worker=worker,
                attempts=row.attempts + 1,
                lease_until=self._clock.now(connection) + self._limits.lease_s,
                lease_epoch=self._clock.epoch,
                started=wall_time(),
                stage="starting",
                done=0,
                total=0,
            )
        )
        if row.kind == "screen":
            connection.execute(
                update(STUDIES)
                .where(STUDIES.c.id == row.study_id)
                .values(state="running")
            )
        if row.attempts:
            count(connection, "jobs", "retried")
        return Claim(
            job_id=row.id,
            study_id=row.study_id,
            content_digest=row.content_digest,
            owner=owner,
            attempt=row.attempts + 1,
            kind=row.kind,
        )

    def stalled_workers(self) -> list[str]:
        """Return the processes whose lease ran out: they hang, or wait for the database."""
        with self._database.read() as connection:
            expired = JOBS.c.lease_until < self._clock.now(connection)
            query = select(JOBS.c.worker).where(JOBS.c.state == "running", expired)
            return [str(name) for (name,) in connection.execute(query) if name]

    def _lock(self, connection: Connection) -> None:
        if not self._database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def _is_owned(claim: Claim) -> Any:
    return and_(
        JOBS.c.id == claim.job_id,
        JOBS.c.owner == claim.owner,
        JOBS.c.state == "running",
    )


def _leave(
    connection: Connection, claim: Claim, state: str, failure: Failure | None = None
) -> bool:
    """End a job if the claim still holds."""
    done = connection.execute(
        update(JOBS)
        .where(_is_owned(claim))
        .values(
            state=state,
            finished=wall_time(),
            error_code=failure and failure.code,
            error_detail=failure and failure.detail,
        )
    )
    return bool(done.rowcount)


def _end(connection: Connection, job_id: str, failure: Failure) -> None:
    """End a job that nobody works on."""
    state = "canceled" if failure is CANCELED else "failed"
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            state=state,
            owner=None,
            finished=wall_time(),
            error_code=failure.code,
            error_detail=failure.detail,
        )
    )
    count(connection, "jobs", state)
    count(connection, "rejects", failure.code)


def _mark_study(connection: Connection, study_id: str, failure: Failure) -> None:
    connection.execute(
        update(STUDIES)
        .where(STUDIES.c.id == study_id)
        .values(state="failed", error_code=failure.code, error_detail=failure.detail)
    )


def _count_waiting(connection: Connection) -> int:
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(WAITING))
    return int(connection.execute(query).scalar_one())


def _count_crash(connection: Connection, digest: str) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(CRASHES).values(content_digest=digest, times=1, last=wall_time())
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["content_digest"],
            set_={"times": CRASHES.c.times + 1, "last": wall_time()},
        )
    )
