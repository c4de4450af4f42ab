"""Who asks, and what they may do.

A route says what it needs, `Depends(require(Scope.READ))`, and is handed the principal.
How the principal was found (local, session, token, OIDC) is the business of the
authenticator that the app carries in `app.state.authenticator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

from fastapi import Request

from tumorscope.serve.security.refusals import ForbiddenError, UnauthenticatedError

Via = Literal["local", "session", "token", "oidc"]


class Role(StrEnum):
    """What kind of account it is."""

    READER = "reader"
    ADMIN = "admin"
    SERVICE = "service"


class Scope(StrEnum):
    """What one request needs to be allowed."""

    READ = "read"
    SUBMIT = "submit"
    REVIEW = "review"
    ADMIN = "admin"
    METRICS = "metrics"


SCOPES_OF: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.READER: frozenset({Scope.READ, Scope.SUBMIT, Scope.REVIEW}),
        Role.ADMIN: frozenset(Scope),
        Role.SERVICE: frozenset({Scope.READ, Scope.SUBMIT, Scope.METRICS}),
    }
)
"""The most that an account of a role may do; a token may carry less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        account_id: Identifier of the account; `local` for the built-in one.
        name: Its name, for display and for the audit log.
        role: Its role.
        scopes: What this request may do.
        via: How it was signed in.
    """

    account_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    via: Via

    @property
    def sees_all(self) -> bool:
        """Whether it sees every study of the site, or only what it submitted."""
        return self.role is not Role.SERVICE

    def may_see(self, owner_id: str | None) -> bool:
        """Return whether a study is visible; where it is not, answer 404, not 403.

        Args:
            owner_id: Account that submitted the study; None where none is known.
        """
        return self.sees_all or owner_id == self.account_id


LOCAL = Principal(
    account_id="local",
    name="local",
    role=Role.ADMIN,
    scopes=SCOPES_OF[Role.ADMIN],
    via="local",
)
"""Who works at the machine itself, where no accounts are configured."""


class Authenticator(Protocol):
    """Finds who asks."""

    def authenticate(self, request: Request) -> Principal | None:
        """Return who asks; None where the request names nobody.

        Raises:
            RefusedError: If it names somebody and does not prove it, or lacks the CSRF token.
        """
        ...


def require(scope: Scope) -> Callable[[Request], Principal]:
    """Return a dependency that lets a request through only with a scope.

    It is a plain function, so that FastAPI runs it beside the event loop.

    Args:
        scope: What the route needs.
    """

    def allowed(request: Request) -> Principal:
        principal = identify(request)
        if principal is None:
            raise UnauthenticatedError
        if scope not in principal.scopes:
            raise ForbiddenError(f"This account may not do that: it lacks `{scope}`.")
        return principal

    allowed.required_scope = scope  # type: ignore[attr-defined] # read by the test that makes the table of all routes
    return allowed


def identify(request: Request) -> Principal | None:
    """Return who asks, looked up once for each request.

    Raises:
        RefusedError: If the request names somebody and does not prove it.
    """
    if not hasattr(request.state, "principal"):
        authenticator: Authenticator = request.app.state.authenticator
        request.state.principal = authenticator.authenticate(request)
    principal: Principal | None = request.state.principal
    return principal
