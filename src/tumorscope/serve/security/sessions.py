"""Sessions of the page: a random cookie of which the database knows the digest only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import delete, insert, or_, select, update

from tumorscope.domain.spec import Spec
from tumorscope.serve.database.engine import Database
from tumorscope.serve.security.clock import Clock, as_utc, utc_now
from tumorscope.serve.security.tables import SESSIONS

SECRET_BYTES = 32
_NOTE_EVERY = timedelta(seconds=60)


class SessionLimits(Spec):
    """How long a session lasts."""

    idle_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 30.0
    """Minutes without a request after which it ends."""
    absolute_hours: Annotated[float, Field(gt=0, le=7 * 24)] = 12.0
    """Hours after which it ends in any case."""

    @property
    def idle(self) -> timedelta:
        """How long without a request."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def absolute(self) -> timedelta:
        """How long altogether."""
        return timedelta(hours=self.absolute_hours)


class Sessions:
    """The sessions of one database."""

    def __init__(
        self,
        database: Database,
        limits: SessionLimits,
        csrf_key: bytes,
        clock: Clock = utc_now,
    ) -> None:
        """Work on a database whose tables exist."""
        self._database = database
        self._limits = limits
        self._csrf_key = csrf_key
        self._clock = clock

    def start(self, account_id: str, *, instead_of: str | None = None) -> str:
        """Begin a session and return the cookie's value; always a new one.

        Args:
            account_id: Whose.
            instead_of: The cookie that the browser came with; it ends.
        """
        secret = secrets.token_urlsafe(SECRET_BYTES)
        now = self._clock()
        if instead_of is not None:
            self.end(instead_of)
        self._forget_old()
        with self._database.write() as connection:
            connection.execute(
                insert(SESSIONS).values(
                    secret_sha256=_digest(secret),
                    account_id=account_id,
                    created=now,
                    seen=now,
                )
            )
        return secret

    def account_of(self, secret: str) -> str | None:
        """Return whose session a cookie is; None where it is unknown or over."""
        digest, now = _digest(secret), self._clock()
        mine = SESSIONS.c.secret_sha256 == digest
        with self._database.read() as connection:
            row = connection.execute(select(SESSIONS).where(mine)).first()
        if row is None:
            return None
        seen, created = as_utc(row.seen), as_utc(row.created)
        if now - seen > self._limits.idle or now - created > self._limits.absolute:
            self.end(secret)
            return None
        if now - seen > _NOTE_EVERY:
            with self._database.write() as connection:
                connection.execute(update(SESSIONS).where(mine).values(seen=now))
        account_id: str = row.account_id
        return account_id

    def end(self, secret: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(
                delete(SESSIONS).where(SESSIONS.c.secret_sha256 == _digest(secret))
            )

    def csrf_token(self, secret: str) -> str:
        """Return what the page sends with each change; a new session has another."""
        text = f"session {_digest(secret)}".encode()
        return hmac.new(self._csrf_key, text, hashlib.sha256).hexdigest()

    def _forget_old(self) -> None:
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                delete(SESSIONS).where(
                    or_(
                        SESSIONS.c.seen < now - self._limits.idle,
                        SESSIONS.c.created < now - self._limits.absolute,
                    )
                )
            )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
