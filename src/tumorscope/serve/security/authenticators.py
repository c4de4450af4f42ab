"""Finding who asks: the machine's own user, a session's cookie, a token."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fastapi import Request

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.security.access import LOCAL, Principal
from tumorscope.serve.security.accounts import Account, Accounts
from tumorscope.serve.security.cross_site import (
    changes_something,
    comes_from_browser,
    refuse_cross_site,
    refuse_without_token,
)
from tumorscope.serve.security.oidc import OidcSubject, OidcVerifier
from tumorscope.serve.security.refusals import UnauthenticatedError
from tumorscope.serve.security.sessions import Sessions
from tumorscope.serve.security.tokens import MARK, Tokens


def cookie_name(*, behind_tls: bool) -> str:
    """Return the name of the session's cookie.

    With TLS the `__Host-` prefix keeps other hosts of the domain from setting it.
    """
    return "__Host-tumorscope" if behind_tls else "tumorscope"


class LocalAuthenticator:
    """Everybody at the machine itself is its built-in admin.

    A page of another site could still make the user's browser ask: what a browser sends
    needs the page's token, as with accounts.
    """

    def __init__(self, csrf_key: bytes) -> None:
        """Derive the page's token."""
        digest = hmac.new(csrf_key, b"local", hashlib.sha256)
        self._csrf_token = digest.hexdigest()

    def authenticate(self, request: Request) -> Principal | None:
        """Return the built-in admin.

        Raises:
            CsrfError: If a browser asks for a change without the page's token.
        """
        if changes_something(request) and comes_from_browser(request):
            refuse_cross_site(request)
            refuse_without_token(request, self._csrf_token)
        return LOCAL

    def csrf_token(self, request: Request) -> str:
        """Return what the page sends with each change."""
        del request  # the same for all: there is one user
        return self._csrf_token


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsAuthenticator:
    """Cookies and tokens of the service's accounts, and a provider's where there is one.

    Attributes:
        accounts: Accounts.
        sessions: Sessions.
        tokens: Tokens.
        oidc: Checks tokens of a provider; None where there is none.
        cookie: Name of the session's cookie.
    """

    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    oidc: OidcVerifier | None
    cookie: str

    def authenticate(self, request: Request) -> Principal | None:
        """Return who asks.

        Raises:
            UnauthenticatedError: If a token is not good.
            CsrfError: If a cookie comes with a change and without the page's token.
        """
        header = request.headers.get("authorization")
        if header is not None:
            return self._of_header(header)
        secret = request.cookies.get(self.cookie)
        account_id = self.sessions.account_of(secret) if secret else None
        if secret is None or account_id is None:
            return None
        if changes_something(request):
            refuse_cross_site(request)
            refuse_without_token(request, self.sessions.csrf_token(secret))
        return self._open(account_id).principal("session")

    def csrf_token(self, request: Request) -> str:
        """Return what the page sends with each change; empty without a session."""
        secret = request.cookies.get(self.cookie)
        return self.sessions.csrf_token(secret) if secret else ""

    def account_for(self, subject: OidcSubject) -> Account:
        """Return the account of a provider's subject, made on first sight.

        Raises:
            UnauthenticatedError: If it is shut here.
        """
        known = self.accounts.by_subject(subject.issuer_subject)
        if known is None:
            digest = hashlib.sha256(subject.issuer_subject.encode()).hexdigest()[:12]
            try:
                return self.accounts.add(
                    f"oidc-{digest}",
                    subject.role,
                    issuer_subject=subject.issuer_subject,
                )
            except ConfigError:
                known = self.accounts.by_subject(subject.issuer_subject)
        if known is None or known.disabled:
            raise UnauthenticatedError("This account is shut.")
        if known.role is not subject.role:
            self.accounts.set_role(known.id, subject.role)
        return self._open(known.id)

    def _of_header(self, header: str) -> Principal:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("Only bearer tokens are taken.")
        text = text.strip()
        if text.startswith(f"{MARK}_"):
            return self._of_token(text)
        if self.oidc is None:
            raise UnauthenticatedError("The token is not good.")
        return self.account_for(self.oidc.check(text)).principal("oidc")

    def _of_token(self, text: str) -> Principal:
        token = self.tokens.check(text)
        if token is None:
            raise UnauthenticatedError("The token is not good: wrong, over or revoked.")
        whole = self._open(token.account_id).principal("token")
        return Principal(
            account_id=whole.account_id,
            name=whole.name,
            role=whole.role,
            scopes=whole.scopes & token.scopes,
            via="token",
        )

    def _open(self, account_id: str) -> Account:
        account = self.accounts.by_id(account_id)
        if account.disabled:
            raise UnauthenticatedError("This account is shut.")
        return account
