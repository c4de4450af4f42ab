"""Bearer tokens of an OpenID provider: signature by its published keys, then claims."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import Field, field_validator

from tumorscope.domain.spec import Spec
from tumorscope.serve.security.access import Role
from tumorscope.serve.security.refusals import UnauthenticatedError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key pair only: with HMAC a published key would be the secret."""
_LEEWAY_S = 30
_TIMEOUT_S = 5.0
_MOST_BYTES = 256 * 1024
_MOST_TOKEN = 16 * 1024
_KEEP_S, _ASK_AGAIN_S = 3600.0, 60.0

Fetch = Callable[[str], Mapping[str, Any]]


class OidcSettings(Spec):
    """Whose tokens count."""

    issuer: str
    """Exact value of `iss`; the issuer's keys are found below this address."""
    audience: Annotated[str, Field(min_length=1)]
    """Value that `aud` must hold."""
    client_id: Annotated[str, Field(min_length=1)] | None = None
    """Name of this service at the provider; with it the page offers to sign in there."""
    scope: str = "openid"
    """What is asked for when somebody signs in there."""
    roles_claim: str = "roles"
    """Claim that lists roles or groups."""
    roles: Mapping[str, Role] = {f"tumorscope-{role.value}": role for role in Role}
    """Which of its values stand for which role; who has none is refused."""

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        refuse_open_address(issuer, "the OIDC issuer")
        return issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSubject:
    """Whom a token speaks of.

    Attributes:
        issuer_subject: Issuer and subject.
        role: The highest role that it names.
    """

    issuer_subject: str
    role: Role


class OidcVerifier:
    """Checks tokens of one provider."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Ask nobody yet: keys are fetched when the first token comes."""
        self._settings = settings
        self._fetch = fetch or fetch_json
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._lock = threading.Lock()

    def configuration(self) -> Mapping[str, Any]:
        """Return what the provider publishes of itself.

        Raises:
            UnauthenticatedError: If it cannot be asked, or speaks for another issuer.
        """
        issuer = self._settings.issuer
        found = self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise UnauthenticatedError(
                "The sign-in provider speaks for another issuer."
            )
        return found

    def check(
        self, text: str, *, audience: str | None = None, nonce: str | None = None
    ) -> OidcSubject:
        """Return whom a token speaks of.

        Args:
            text: The token.
            audience: Whom it must be meant for; that of the settings unless given.
            nonce: What it must repeat; nothing unless given.

        Raises:
            UnauthenticatedError: If it is not signed by the provider, not meant for this
                service, over, or names no role.
        """
        if len(text) > _MOST_TOKEN:
            raise UnauthenticatedError("The token is too long.")
        claims = self._claims(text)
        self._check_claims(claims, audience or self._settings.audience)
        if nonce is not None and claims.get("nonce") != nonce:
            raise UnauthenticatedError("The token answers another sign-in.")
        role = self._role(claims.get(self._settings.roles_claim))
        return OidcSubject(
            issuer_subject=f"{self._settings.issuer} {claims['sub']}",
            role=role,
        )

    def _claims(self, text: str) -> Mapping[str, Any]:
        for renew in (False, True):
            try:
                keys = self._key_set(renew=renew)
                return jwt.decode(text, keys, algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # perhaps the provider has new keys: asked once a minute
        raise UnauthenticatedError("The token is not signed by the sign-in provider.")

    def _check_claims(self, claims: Mapping[str, Any], audience: str) -> None:
        named = claims.get("aud")
        meant = named if isinstance(named, list) else [named]
        now = self._clock()
        ends, begins = _time(claims.get("exp")), _time(claims.get("nbf", 0))
        if claims.get("iss") != self._settings.issuer:
            raise UnauthenticatedError("The token comes from another issuer.")
        if audience not in meant:
            raise UnauthenticatedError("The token is meant for another service.")
        if ends is None or now > ends + _LEEWAY_S:
            raise UnauthenticatedError("The token is over.")
        if begins is None or now < begins - _LEEWAY_S:
            raise UnauthenticatedError("The token is not good yet.")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise UnauthenticatedError("The token names nobody.")

    def _role(self, named: object) -> Role:
        words = named if isinstance(named, list) else [named]
        known = self._settings.roles
        found = {known.get(word) for word in words if isinstance(word, str)}
        for role in (Role.ADMIN, Role.READER, Role.SERVICE):
            if role in found:
                return role
        raise UnauthenticatedError("The token names no role of this service.")

    def _key_set(self, *, renew: bool) -> KeySet:
        with self._lock:
            age = self._clock() - self._fetched
            due = age > _KEEP_S or (renew and age > _ASK_AGAIN_S)
            if self._keys is None or due:
                self._fetched = self._clock()
                address = str(self.configuration().get("jwks_uri", ""))
                refuse_open_address(address, "the provider's jwks_uri")
                found = dict(self._ask(address))
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type] # checked inside
            return self._keys

    def _ask(self, address: str) -> Mapping[str, Any]:
        try:
            return self._fetch(address)
        except (requests.RequestException, ValueError) as error:
            raise UnauthenticatedError(
                "The sign-in provider cannot be asked at the moment."
            ) from error


def fetch_json(address: str) -> Mapping[str, Any]:
    """Return the JSON object at an address: no redirects, a short wait, a small answer.

    Raises:
        requests.RequestException: If it cannot be had.
        ValueError: If it is too large or no JSON object.
    """
    with requests.get(
        address, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
    ) as answer:
        answer.raise_for_status()
        text = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
    if answer.is_redirect or len(text) > _MOST_BYTES:
        raise ValueError("too large, or moved")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - foreign data, not a type
    return found


def _time(value: object) -> float | None:
    """Return a NumericDate; None for what is none, such as `true` or not-a-number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 else None


def refuse_open_address(address: str, what: str) -> None:
    """Raise unless nobody on the way could change what is read from an address.

    Args:
        address: Of a provider.
        what: Whose, for the message.

    Raises:
        ValueError: If it is neither https nor on this machine.
    """
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError(f"{what} must be an https:// address")
