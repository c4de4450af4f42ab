"""Accounts, sessions and tokens on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from tumorscope.serve.security.access import Role, Scope
from tumorscope.serve.security.accounts import Account
from tumorscope.serve.security.tokens import Token

Auth = Literal["none", "accounts", "oidc"]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]
_STRICT = ConfigDict(extra="forbid", frozen=True)


class SignInWays(BaseModel):
    """How to sign in; for somebody who is not signed in yet."""

    auth: Auth
    redirect: str | None
    """Address of this service that leads to a provider's page; null where there is none."""
    notice: str


class WireAccount(BaseModel):
    """Who is signed in."""

    id: str
    name: str
    role: Role


class SessionView(BaseModel):
    """What the page needs to know of its user and of the service."""

    account: WireAccount
    scopes: list[Scope]
    csrf_token: str
    auth: Auth
    reader_first: bool
    pacs_configured: bool
    version: str
    notice: str


class SignIn(BaseModel):
    """Name and password."""

    model_config = _STRICT
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password


class NewPassword(BaseModel):
    """A new password, with the present one."""

    model_config = _STRICT
    present: Password
    new: Password


class AccountView(BaseModel):
    """An account, for admins."""

    id: str
    name: str
    role: Role
    disabled: bool
    signs_in: Literal["here", "provider", "tokens only"]
    created: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return what admins see of an account."""
        elsewhere: Literal["provider", "tokens only"] = (
            "provider" if account.is_external else "tokens only"
        )
        return cls(
            id=account.id,
            name=account.name,
            role=account.role,
            disabled=account.disabled,
            signs_in="here" if account.has_password else elsewhere,
            created=account.created,
        )


class NewAccount(BaseModel):
    """An account to be made; a service needs no password."""

    model_config = _STRICT
    name: Annotated[str, Field(min_length=2, max_length=64)]
    role: Role
    password: Password | None = None

    @model_validator(mode="after")
    def _people_have_passwords(self) -> Self:
        if (self.role is Role.SERVICE) is (self.password is not None):
            raise ValueError(
                "a reader or an admin needs a password, a service has none: it uses "
                "tokens"
            )
        return self


class AccountChange(BaseModel):
    """What changes; the rest stays."""

    model_config = _STRICT
    role: Role | None = None
    disabled: bool | None = None
    password: Password | None = None


class TokenView(BaseModel):
    """What is known of a token; never the token."""

    prefix: str
    account_id: str
    label: str
    scopes: list[Scope]
    created: datetime
    expires: datetime
    revoked: datetime | None
    used: datetime | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return what its owner sees of a token."""
        return cls(
            prefix=token.prefix,
            account_id=token.account_id,
            label=token.label,
            scopes=sorted(token.scopes),
            created=token.created,
            expires=token.expires,
            revoked=token.revoked,
            used=token.used,
        )


class NewToken(BaseModel):
    """A token to be made."""

    model_config = _STRICT
    label: Annotated[str, Field(min_length=1, max_length=64)]
    scopes: Annotated[set[Scope], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=366)] = 90
    account_id: Annotated[str, Field(max_length=64)] | None = None
    """For another account, by an admin; one's own unless set."""


class IssuedToken(BaseModel):
    """A new token; its text is shown this once."""

    token: str
    known: TokenView


class AuditRecordView(BaseModel):
    """A record of the audit log."""

    number: int
    record: dict[str, str | int]
    seal: str


class AuditPage(BaseModel):
    """Some records, in the order of their numbers."""

    items: list[AuditRecordView]
    next_above: int | None


class AuditState(BaseModel):
    """What reading the whole log again found."""

    intact: bool
    records: int
    checkpoints: int
    covered: int
    first_bad: int | None
    words: str


class Erased(BaseModel):
    """What was erased."""

    studies: int
    vault: Literal["erased", "no entry", "no vault"]
