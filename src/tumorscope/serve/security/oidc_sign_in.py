"""Signing people in through an OpenID provider: authorization code with PKCE.

What a sign-in needs to be recognized when it comes back stands in a signed ticket in the
browser's cookie: another browser's answer, or one that nobody asked for, does not fit it.

References:
    OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9700 (security practice).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tumorscope.serve.security.oidc import (
    OidcSettings,
    OidcSubject,
    OidcVerifier,
    refuse_open_address,
)
from tumorscope.serve.security.refusals import UnauthenticatedError

TICKET_S = 600
"""Seconds that somebody may take at the provider."""
_TIMEOUT_S = 5.0
_RANDOM_BYTES = 32
_MOST_CODE = 4096
_STALE = "This sign-in is over, or was begun in another browser. Begin it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunSignIn:
    """What a browser needs to go to the provider and come back.

    Attributes:
        address: Of the provider's page.
        ticket: Value of the cookie.
    """

    address: str
    ticket: str


class OidcSignIn:
    """Sign-ins through one provider."""

    def __init__(
        self,
        settings: OidcSettings,
        verifier: OidcVerifier,
        key: bytes,
        *,
        client_secret: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what the provider knows of this service.

        Args:
            settings: Name a client.
            verifier: Checks the provider's tokens.
            key: Signs tickets.
            client_secret: Of the client; None for a public one, which PKCE protects.
            clock: Seconds since 1970.

        Raises:
            ValueError: If no client is named.
        """
        if settings.client_id is None:
            raise ValueError("no client")
        self._client_id = settings.client_id
        self._scope = settings.scope
        self._verifier = verifier
        self._key = OctKey.import_key(key)
        self._client_secret = client_secret
        self._clock = clock

    def begin(self, redirect_uri: str) -> BegunSignIn:
        """Return where to send a browser.

        Args:
            redirect_uri: Where it comes back to; the provider knows it.

        Raises:
            UnauthenticatedError: If the provider cannot be asked.
        """
        state, nonce, verifier = (
            secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3)
        )
        with self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        claims = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "exp": int(self._clock()) + TICKET_S,
        }
        ticket = jwt.encode({"alg": "HS256"}, claims, self._key)
        return BegunSignIn(address=str(address), ticket=ticket)

    def finish(
        self, *, ticket: str, state: str, code: str, redirect_uri: str
    ) -> OidcSubject:
        """Return who signed in.

        Args:
            ticket: From `begin`, as the browser's cookie has it.
            state: As the provider gave it back.
            code: What the provider gives a token for, once.
            redirect_uri: The same as in `begin`.

        Raises:
            UnauthenticatedError: If anything does not fit.
        """
        claims = self._open(ticket)
        if not hmac.compare_digest(str(claims["state"]).encode(), state.encode()):
            raise UnauthenticatedError(_STALE)
        if not 0 < len(code) <= _MOST_CODE:
            raise UnauthenticatedError("The sign-in provider gave no code.")
        token = self._redeem(code, str(claims["verifier"]), redirect_uri)
        return self._verifier.check(
            token, audience=self._client_id, nonce=str(claims["nonce"])
        )

    def _open(self, ticket: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(ticket, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError) as error:
            raise UnauthenticatedError(_STALE) from error
        if self._clock() > claims["exp"]:
            raise UnauthenticatedError(_STALE)
        return claims

    def _redeem(self, code: str, verifier: str, redirect_uri: str) -> str:
        try:
            with self._session(redirect_uri) as session:
                found = session.fetch_token(
                    self._endpoint("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=redirect_uri,
                    allow_redirects=False,
                )
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise UnauthenticatedError(
                "The sign-in provider did not confirm the sign-in."
            ) from error
        token = found.get("id_token")
        if not isinstance(token, str):
            raise UnauthenticatedError("The sign-in provider did not say who it is.")
        return token

    def _session(self, redirect_uri: str) -> OAuth2Session:
        has_secret = self._client_secret is not None
        return OAuth2Session(
            client_id=self._client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method="client_secret_basic" if has_secret else "none",
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=_TIMEOUT_S,
        )

    def _endpoint(self, name: str) -> str:
        address = str(self._verifier.configuration().get(name, ""))
        try:
            refuse_open_address(address, f"the provider's {name}")
        except ValueError as error:
            raise UnauthenticatedError(
                "The sign-in provider names no safe address."
            ) from error
        return address
