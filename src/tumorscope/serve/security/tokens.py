"""Tokens of programs: shown once, kept as a digest, with scopes and an end."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, insert, select, update

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.database.engine import Database
from tumorscope.serve.security.access import Scope
from tumorscope.serve.security.clock import Clock, as_utc, utc_now
from tumorscope.serve.security.tables import TOKENS

MARK = "tsk"
_SHAPE = re.compile(r"tsk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
SECRET_BYTES, PREFIX_BYTES = 32, 6
LONGEST = timedelta(days=366)
_NOTE_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; not the token.

    Attributes:
        prefix: Its public part, which names it.
        account_id: Whose.
        label: What it is for.
        scopes: What it may do, within the account's role.
        created: When it was made.
        expires: When it ends.
        revoked: When it was taken back.
        used: When it was last used, to five minutes.
    """

    prefix: str
    account_id: str
    label: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime
    revoked: datetime | None
    used: datetime | None


class Tokens:
    """The tokens of one database."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        """Work on a database whose tables exist."""
        self._database = database
        self._clock = clock

    def issue(
        self,
        account_id: str,
        *,
        label: str,
        scopes: Iterable[Scope],
        lasts: timedelta,
    ) -> tuple[str, Token]:
        """Make a token; return its text, which nothing shows again, and what is known.

        Args:
            account_id: Whose.
            label: What it is for.
            scopes: What it may do.
            lasts: How long; at most a year.

        Raises:
            ConfigError: If it lasts too long or no time at all, or has no scope.
        """
        chosen = frozenset(scopes)
        if not timedelta(0) < lasts <= LONGEST:
            raise ConfigError(f"a token lasts 1 to {LONGEST.days} days")
        if not chosen:
            raise ConfigError("a token needs at least one scope")
        prefix = secrets.token_hex(PREFIX_BYTES)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(
                insert(TOKENS).values(
                    prefix=prefix,
                    secret_sha256=_digest(secret),
                    account_id=account_id,
                    label=label[:64],
                    scopes=" ".join(sorted(chosen)),
                    created=now,
                    expires=now + lasts,
                )
            )
        found = self._find(prefix)
        if found is None:
            raise ConfigError("the token was taken back while it was made")
        return f"{MARK}_{prefix}_{secret}", _token(found)

    def check(self, text: str) -> Token | None:
        """Return what is known of a token's text; None unless it is good now."""
        shape = _SHAPE.fullmatch(text)
        row = self._find(shape[1]) if shape else None
        if shape is None or row is None:
            return None
        if not hmac.compare_digest(row.secret_sha256, _digest(shape[2])):
            return None
        token, now = _token(row), self._clock()
        if token.revoked is not None or now >= token.expires:
            return None
        if token.used is None or now - token.used > _NOTE_EVERY:
            self._set(token.prefix, used=now)
        return token

    def of_account(self, account_id: str | None) -> list[Token]:
        """Return the tokens of an account, or of all where None, the newest first."""
        query = select(TOKENS).order_by(TOKENS.c.created.desc())
        if account_id is not None:
            query = query.where(TOKENS.c.account_id == account_id)
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(query)]

    def revoke(self, prefix: str) -> None:
        """Take a token back at once."""
        self._set(prefix, revoked=self._clock())

    def _find(self, prefix: str) -> Row[tuple[object, ...]] | None:
        query = select(TOKENS).where(TOKENS.c.prefix == prefix)
        with self._database.read() as connection:
            return connection.execute(query).first()

    def _set(self, prefix: str, **values: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(TOKENS).where(TOKENS.c.prefix == prefix).values(**values)
            )


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        prefix=row.prefix,
        account_id=row.account_id,
        label=row.label,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        created=as_utc(row.created),
        expires=as_utc(row.expires),
        revoked=None if row.revoked is None else as_utc(row.revoked),
        used=None if row.used is None else as_utc(row.used),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
