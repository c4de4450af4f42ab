"""Accounts of people and programs, kept in the service's database."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.database.engine import Database
from tumorscope.serve.security.access import SCOPES_OF, Principal, Role, Via
from tumorscope.serve.security.clock import Clock, as_utc, utc_now
from tumorscope.serve.security.passwords import (
    hash_password,
    is_outdated,
    matches,
    refuse_weak,
)
from tumorscope.serve.security.tables import ACCOUNTS, SESSIONS, TOKENS

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}[a-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account.

    Attributes:
        id: Identifier that never changes.
        name: Lower-case name to sign in with.
        role: Role.
        disabled: Whether it is shut.
        has_password: Whether it can sign in here.
        is_external: Whether it signs in at an OIDC provider.
        created: When it was made.
    """

    id: str
    name: str
    role: Role
    disabled: bool
    has_password: bool
    is_external: bool
    created: datetime

    def principal(self, via: Via) -> Principal:
        """Return who this is with all scopes of the role."""
        return Principal(
            account_id=self.id,
            name=self.name,
            role=self.role,
            scopes=SCOPES_OF[self.role],
            via=via,
        )


class Accounts:
    """The accounts of one database."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        """Work on a database whose tables exist."""
        self._database = database
        self._clock = clock

    def add(
        self,
        name: str,
        role: Role,
        *,
        password: str | None = None,
        issuer_subject: str | None = None,
    ) -> Account:
        """Make an account.

        Args:
            name: Lower-case letters, digits, dots, hyphens, underscores, `@`.
            role: Role.
            password: To sign in with here; a service needs none, it uses tokens.
            issuer_subject: Issuer and subject of an OIDC account.

        Raises:
            ConfigError: If the name is taken or odd, or the password is weak.
        """
        folded = name.strip().lower()
        if not _NAME.fullmatch(folded) or folded in {"local", "nobody"}:
            raise ConfigError(
                f"{name!r} cannot be an account's name: 2 to 64 of a-z, 0-9, . _ @ -; "
                "not local, not nobody"
            )
        if password is not None:
            refuse_weak(password, folded)
        now = self._clock()
        row = {
            "id": str(uuid.uuid4()),
            "name": folded,
            "role": role.value,
            "password": None if password is None else hash_password(password),
            "issuer_subject": issuer_subject,
            "disabled": False,
            "created": now,
            "password_changed": None if password is None else now,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(ACCOUNTS).values(row))
        except IntegrityError as error:
            raise ConfigError(f"the account {folded} exists already") from error
        return self.by_id(str(row["id"]))

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name))
            return [_account(row) for row in rows]

    def by_id(self, account_id: str) -> Account:
        """Return an account.

        Raises:
            ConfigError: If there is none.
        """
        found = self._find(ACCOUNTS.c.id == account_id)
        if found is None:
            raise ConfigError("no such account")
        return found

    def by_name(self, name: str) -> Account:
        """Return an account.

        Raises:
            ConfigError: If there is none.
        """
        found = self._find(ACCOUNTS.c.name == name.strip().lower())
        if found is None:
            raise ConfigError(
                "no account has this name; `tumorscope accounts list` shows all"
            )
        return found

    def by_subject(self, issuer_subject: str) -> Account | None:
        """Return the account of an OIDC issuer and subject."""
        return self._find(ACCOUNTS.c.issuer_subject == issuer_subject)

    def any_admin(self) -> bool:
        """Return whether somebody could manage the others."""
        query = select(func.count()).where(
            ACCOUNTS.c.role == Role.ADMIN.value, ACCOUNTS.c.disabled.is_(False)
        )
        with self._database.read() as connection:
            return bool(connection.execute(query).scalar_one())

    def sign_in(self, name: str, password: str) -> Account | None:
        """Return the account that a name and a password fit.

        A wrong name, a wrong password and a shut account take equally long.
        """
        query = select(ACCOUNTS).where(ACCOUNTS.c.name == name.strip().lower())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        stored = None if row is None or row.disabled else row.password
        if not matches(password, stored) or row is None:
            return None
        if is_outdated(row.password):
            self._store_password(row.id, password)
        return _account(row)

    def set_password(self, account_id: str, password: str) -> None:
        """Change a password; every session and token of the account ends.

        Raises:
            ConfigError: If it is weak.
        """
        account = self.by_id(account_id)
        refuse_weak(password, account.name)
        self._store_password(account_id, password)
        self._end_all(account_id)

    def set_disabled(self, account_id: str, *, disabled: bool) -> None:
        """Shut or open an account; a shut one loses its sessions and tokens."""
        with self._database.write() as connection:
            connection.execute(
                update(ACCOUNTS)
                .where(ACCOUNTS.c.id == account_id)
                .values(disabled=disabled)
            )
        if disabled:
            self._end_all(account_id)

    def set_role(self, account_id: str, role: Role) -> None:
        """Change a role; every session and token of the account ends."""
        with self._database.write() as connection:
            connection.execute(
                update(ACCOUNTS)
                .where(ACCOUNTS.c.id == account_id)
                .values(role=role.value)
            )
        self._end_all(account_id)

    def _find(self, condition: object) -> Account | None:
        with self._database.read() as connection:
            row = connection.execute(select(ACCOUNTS).where(condition)).first()  # type: ignore[arg-type] # a column's comparison
        return None if row is None else _account(row)

    def _store_password(self, account_id: str, password: str) -> None:
        values = {
            "password": hash_password(password),
            "password_changed": self._clock(),
        }
        with self._database.write() as connection:
            connection.execute(
                update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(values)
            )

    def _end_all(self, account_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                delete(SESSIONS).where(SESSIONS.c.account_id == account_id)
            )
            connection.execute(
                update(TOKENS)
                .where(TOKENS.c.account_id == account_id, TOKENS.c.revoked.is_(None))
                .values(revoked=self._clock())
            )


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        disabled=bool(row.disabled),
        has_password=row.password is not None,
        is_external=row.issuer_subject is not None,
        created=as_utc(row.created),
    )
