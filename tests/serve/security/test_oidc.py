"""Tokens of a provider: only its signature, its audience, its time, its roles."""

from __future__ import annotations

import base64
import hmac
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tumorscope.serve.security.access import Role
from tumorscope.serve.security.authenticators import AccountsAuthenticator
from tumorscope.serve.security.oidc import OidcSettings, OidcVerifier
from tumorscope.serve.security.refusals import UnauthenticatedError

ISSUER, AUDIENCE = "https://id.example.org/realms/site", "tumorscope"


class Provider:
    """An OpenID provider that lives in this process and counts who asks."""

    def __init__(self):
        self.keys = [RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)]
        self.asked = []

    def fetch(self, address):
        """Answer like a provider's web server."""
        self.asked.append(address)
        if address.endswith("openid-configuration"):
            return {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        return KeySet(self.keys).as_dict(private=False)

    def token(self, *, key=None, algorithm="RS256", header=None, **changes):
        """Return a good token, unless changes say otherwise."""
        key = key or self.keys[0]
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCE, "account"],
            "sub": "3f1c",
            "exp": int(time.time()) + 300,
            "roles": ["tumorscope-reader", "other"],
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": algorithm, "kid": key.kid or "one"} | (header or {})
        return jwt.encode(head, claims, key, algorithms=[algorithm])


@pytest.fixture(scope="module")
def provider():
    return Provider()


@pytest.fixture
def verifier(provider):
    provider.asked.clear()
    settings = OidcSettings(issuer=ISSUER, audience=AUDIENCE)
    return OidcVerifier(settings, fetch=provider.fetch)


def test_a_good_token_names_a_subject_and_a_role(provider, verifier):
    """Issuer, subject and the highest role that the token carries."""
    subject = verifier.check(
        provider.token(roles=["tumorscope-service", "tumorscope-admin"])
    )

    assert subject.issuer_subject == f"{ISSUER} 3f1c"
    assert subject.role is Role.ADMIN


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aud": "other"}, "another service"),
        ({"aud": ["other", "tumorscope2"]}, "another service"),
        ({"aud": None}, "another service"),
        ({"iss": "https://id.example.org/realms/other"}, "another issuer"),
        ({"iss": f"{ISSUER}/"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"exp": None}, "over"),
        ({"exp": "tomorrow"}, "over"),
        ({"exp": True}, "over"),
        ({"exp": float("inf")}, "over"),
        ({"sub": None}, "nobody"),
        ({"sub": ["3f1c"]}, "nobody"),
        ({"roles": ["reader", "admin"]}, "no role"),
        ({"roles": None}, "no role"),
        ({"roles": {"tumorscope-admin": True}}, "no role"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_token_with_a_wrong_claim_is_refused(provider, verifier, changes, words):
    """Audience, issuer, times, subject and roles are each looked at."""
    with pytest.raises(UnauthenticatedError, match=words):
        verifier.check(provider.token(**changes))


@pytest.mark.parametrize(
    ("claim", "from_now_s"), [("exp", -31), ("nbf", 86_400)], ids=["over", "not yet"]
)
def test_a_token_is_good_for_its_time_only(provider, verifier, claim, from_now_s):
    """Neither after its end nor before its beginning."""
    token = provider.token(**{claim: int(time.time()) + from_now_s})

    with pytest.raises(UnauthenticatedError, match=r"is over|is not good yet"):
        verifier.check(token)


def _part(fields):
    text = json.dumps(fields).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _claims():
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "x",
        "exp": int(time.time()) + 300,
        "roles": ["tumorscope-admin"],
    }


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(verifier, algorithm):
    """alg=none in any spelling signs nobody in."""
    text = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(_claims())}."

    with pytest.raises(UnauthenticatedError, match="not signed"):
        verifier.check(text)


def test_the_published_key_is_no_secret(provider, verifier):
    """HS256 with the provider's public key as the secret is refused."""
    public = provider.keys[0].as_pem(private=False)
    signed = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(_claims())}"
    mac = hmac.digest(public, signed.encode(), "sha256")
    text = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    with pytest.raises(UnauthenticatedError, match="not signed"):
        verifier.check(text)


def test_a_stranger_s_key_is_refused_even_when_the_token_brings_it(provider, verifier):
    """Keys in the token's own header (`jwk`, `jku`) are never used."""
    stranger = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    own = {"jwk": stranger.as_dict(private=False)}
    for header in ({}, own):
        text = provider.token(key=stranger, header=header)
        with pytest.raises(UnauthenticatedError, match="not signed"):
            verifier.check(text)


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "eyJ.eyJ.", "x" * 20_000, "é.é.é", "..."]
)
def test_what_is_no_token_is_refused(verifier, text):
    """Damaged and overlong texts are one clear refusal."""
    with pytest.raises(UnauthenticatedError):
        verifier.check(text)


def test_a_changed_signature_or_claim_is_refused(provider, verifier):
    """One changed character anywhere breaks the signature."""
    head, claims, signature = provider.token().split(".")
    forged = _part(_claims())

    with pytest.raises(UnauthenticatedError):
        verifier.check(f"{head}.{forged}.{signature}")
    with pytest.raises(UnauthenticatedError):
        verifier.check(f"{head}.{claims}.{signature[::-1]}")


def test_new_keys_of_the_provider_are_found_and_it_is_not_asked_all_the_time(provider):
    """Keys rotate; a flood of bad tokens asks the provider once a minute at most."""
    now = [time.time()]
    settings = OidcSettings(issuer=ISSUER, audience=AUDIENCE)
    verifier = OidcVerifier(settings, fetch=provider.fetch, clock=lambda: now[0])
    verifier.check(provider.token())
    stranger = ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False)
    text = provider.token(key=stranger, algorithm="ES256")
    provider.asked.clear()

    for _ in range(50):
        with pytest.raises(UnauthenticatedError):
            verifier.check(text)
    assert provider.asked == []
    provider.keys.append(stranger)
    now[0] += 61
    try:
        assert verifier.check(text).role is Role.READER
    finally:
        provider.keys.pop()
    assert len(provider.asked) == 2


def test_a_provider_that_cannot_be_asked_signs_nobody_in():
    """No answer is a refusal, not a pass and not a crash."""

    def fetch(_address):
        raise ValueError("no JSON")

    settings = OidcSettings(issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(UnauthenticatedError):
        OidcVerifier(settings, fetch=fetch).check("a.b.c")


def test_a_subject_gets_one_account_whose_role_follows_the_provider(
    provider, verifier, safety
):
    """First sight makes an account; a new role at the provider is the role here."""
    authenticator = AccountsAuthenticator(
        accounts=safety.accounts,
        sessions=safety.sessions,
        tokens=safety.tokens,
        oidc=verifier,
        cookie="tumorscope",
    )
    reader = verifier.check(provider.token())
    admin = verifier.check(provider.token(roles=["tumorscope-admin"]))

    first = authenticator.account_for(reader)
    again = authenticator.account_for(admin)

    assert first.id == again.id
    assert (first.role, again.role) == (Role.READER, Role.ADMIN)
    safety.accounts.set_disabled(first.id, disabled=True)
    with pytest.raises(UnauthenticatedError, match="shut"):
        authenticator.account_for(admin)
