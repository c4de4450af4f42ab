"""Sign-ins through a provider's page, against a provider on the loopback interface."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from sqlalchemy import select

from tumorscope.serve.api import oidc_sign_in, session
from tumorscope.serve.audit_log.table import RECORDS
from tumorscope.serve.problems import install_problems
from tumorscope.serve.safety import install_safety, make_safety
from tumorscope.serve.security.oidc import OidcSettings, OidcVerifier
from tumorscope.serve.security.oidc_sign_in import TICKET_S, OidcSignIn
from tumorscope.serve.security.refusals import UnauthenticatedError
from tumorscope.serve.security.settings import SecuritySettings

CLIENT, SECRET = "tumorscope-page", "s3cret of a client"
START = "/api/v1/sign-in/oidc"
ADDRESS = "http://127.0.0.1"


class Provider(ThreadingHTTPServer):
    """A provider: it gives a code for a visit of its page, and a token for a code."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
        self.codes = {}
        self.changes = {}
        self.header = {}
        self.secret = None

    def visit(self, address):
        """Sign in on the page at an address; return the way back with its code."""
        asked = {name: one for name, [one] in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return asked["redirect_uri"], {"state": asked["state"], "code": code}

    def token(self, given):
        """Return the token for a code, once, to whom began the sign-in."""
        asked = self.codes.pop(given.get("code"), None)
        if asked is None or given["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return None
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "3f1c",
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
            "roles": ["tumorscope-reader"],
        } | self.changes
        return jwt.encode(
            {"alg": "RS256", "kid": "one"} | self.header, claims, self.key
        )


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self):
        """Publish the configuration and the keys."""
        issuer = self.server.issuer
        if self.path.endswith("openid-configuration"):
            self._json(
                200,
                {
                    "issuer": issuer,
                    "jwks_uri": f"{issuer}/keys",
                    "authorization_endpoint": f"{issuer}/page",
                    "token_endpoint": f"{issuer}/token",
                },
            )
        else:
            self._json(200, KeySet([self.server.key]).as_dict(private=False))

    def do_POST(self):
        """Give a token for a code."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: one for name, [one] in parse_qs(body).items()}
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = self.headers["Authorization"] == f"Basic {login}"
        token = self.server.token(given)
        if token is None or (self.server.secret is not None and not known):
            self._json(400, {"error": "invalid_grant"})
        else:
            self._json(
                200,
                {"access_token": "opaque", "token_type": "Bearer", "id_token": token},
            )

    def _json(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture(scope="module")
def running():
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever)
    thread.start()
    yield provider
    provider.shutdown()
    thread.join()
    provider.server_close()


@pytest.fixture
def provider(running):
    running.codes, running.changes, running.header, running.secret = {}, {}, {}, None
    return running


@pytest.fixture
def safety(database, settings, provider):
    oidc = OidcSettings(issuer=provider.issuer, audience="api", client_id=CLIENT)
    changed = settings.model_copy(
        update={"auth": "oidc", "security": SecuritySettings(oidc=oidc)}
    )
    return make_safety(database, changed)


@pytest.fixture
def browser(safety, database):
    app = FastAPI()
    install_problems(app)
    for router in (session, oidc_sign_in):
        app.include_router(router.router, prefix="/api/v1")
    install_safety(app, safety)
    app.state.database = database
    return TestClient(app, base_url=ADDRESS, follow_redirects=False)


def began(browser):
    """Return where a browser is sent that wants to sign in."""
    answer = browser.get(START)
    assert answer.status_code == 303
    return answer.headers["location"]


def ended(browser, provider, **changes):
    """Return where a browser stands after a sign-in whose way back was changed."""
    way_back, query = provider.visit(began(browser))
    answer = browser.get(way_back, params=query | changes)
    assert answer.status_code == 303
    return answer.headers["location"]


def signed_in(browser):
    """Return whether a browser has a session."""
    return browser.get("/api/v1/session").status_code == 200


def test_somebody_signs_in_through_the_provider_s_page(browser, provider):
    """The page names the way; who comes back has a session of the role that was named."""
    assert browser.get("/api/v1/sign-in").json()["redirect"] == START

    assert ended(browser, provider) == "/"

    found = browser.get("/api/v1/session").json()
    assert found["account"]["role"] == "reader"
    assert oidc_sign_in.COOKIE not in browser.cookies


def test_the_cookies_are_kept_from_scripts_and_other_sites(browser, provider):
    """The ticket goes to the sign-in's own addresses only; the session is strict."""
    begun = browser.get(START)
    ticket = begun.headers["set-cookie"].lower()
    way_back, query = provider.visit(begun.headers["location"])
    cookies = browser.get(way_back, params=query).headers.get_list("set-cookie")

    assert "httponly" in ticket
    assert "samesite=lax" in ticket
    assert f"path={START}" in ticket
    [kept] = [one.lower() for one in cookies if one.startswith("tumorscope=")]
    assert "httponly" in kept
    assert "samesite=strict" in kept


def test_a_role_follows_the_provider(browser, provider):
    """Who is made an admin there is one here at the next sign-in; it is one account."""
    ended(browser, provider)
    first = browser.get("/api/v1/session").json()["account"]
    provider.changes = {"roles": ["tumorscope-admin"]}
    ended(browser, provider)
    second = browser.get("/api/v1/session").json()["account"]

    assert (first["role"], second["role"]) == ("reader", "admin")
    assert first["id"] == second["id"]


def test_a_sign_in_ends_the_session_before_it(browser, provider, safety):
    """A cookie that somebody planted, or an earlier one, opens nothing afterwards."""
    ended(browser, provider)
    before = browser.cookies[safety.cookie]
    ended(browser, provider)

    assert browser.cookies[safety.cookie] != before
    assert safety.sessions.account_of(before) is None


def test_a_client_with_a_secret_sends_it(browser, provider, safety, monkeypatch):
    """The secret of the environment goes to the token's address as the header asks."""
    provider.secret = SECRET
    assert ended(browser, provider) == "/?sign_in=failed"

    monkeypatch.setenv("TUMORSCOPE_OIDC_CLIENT_SECRET", SECRET)
    browser.app.state.safety = make_safety(browser.app.state.database, safety.settings)
    assert ended(browser, provider) == "/"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "another"},
        {"state": ""},
        {"state": "ü"},
        {"code": ""},
        {"code": "never given"},
    ],
)
def test_a_changed_way_back_signs_nobody_in(browser, provider, changes):
    """State and code must be those of this sign-in."""
    assert ended(browser, provider, **changes) == "/?sign_in=failed"
    assert not signed_in(browser)
    with browser.app.state.database.read() as connection:
        [body] = connection.execute(select(RECORDS.c.body)).scalars()
    assert '"refused"' in body


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "api"},
        {"aud": "another service"},
        {"iss": "https://id.example.org"},
        {"exp": 1_000_000_000},
        {"sub": None},
        {"roles": []},
    ],
    ids=str,
)
def test_a_wrong_token_signs_nobody_in(browser, provider, changes):
    """Nonce, audience (this client's, not the API's), issuer, end, subject and role."""
    provider.changes = changes

    assert ended(browser, provider) == "/?sign_in=failed"
    assert not signed_in(browser)


def test_an_unsigned_token_signs_nobody_in(browser, provider, monkeypatch):
    """alg=none is no signature, also from the provider's own address."""

    def unsigned(head, claims, _key):
        parts = ({"alg": "none"}, claims)
        texts = (base64.urlsafe_b64encode(json.dumps(one).encode()) for one in parts)
        return ".".join(text.rstrip(b"=").decode() for text in texts) + "."

    monkeypatch.setattr(f"{__name__}.jwt.encode", unsigned)

    assert ended(browser, provider) == "/?sign_in=failed"
    assert not signed_in(browser)


def test_a_sign_in_belongs_to_the_browser_that_began_it(browser, provider):
    """A link with somebody's code signs no other browser in as them."""
    way_back, query = provider.visit(began(browser))
    other = TestClient(browser.app, base_url=ADDRESS, follow_redirects=False)
    began(other)

    for without_ticket in (False, True):
        if without_ticket:
            other.cookies.clear()
        answer = other.get(way_back, params=query)
        assert answer.headers["location"] == "/?sign_in=failed"
    assert not signed_in(other)


def test_a_sign_in_counts_once(browser, provider):
    """The same way back with the same ticket signs nobody in again."""
    way_back, query = provider.visit(began(browser))
    ticket = browser.cookies[oidc_sign_in.COOKIE]
    assert browser.get(way_back, params=query).headers["location"] == "/"
    browser.cookies.clear()

    browser.cookies.set(oidc_sign_in.COOKIE, ticket, path=START)
    answer = browser.get(way_back, params=query)

    assert answer.headers["location"] == "/?sign_in=failed"
    assert not signed_in(browser)


@pytest.mark.parametrize("key", [bytes(32), None], ids=["another key", "no token"])
def test_a_ticket_that_this_service_did_not_sign_is_refused(browser, provider, key):
    """Who can plant a cookie cannot choose state, nonce and verifier."""
    way_back, query = provider.visit(began(browser))
    claims = {"state": query["state"], "nonce": "n", "verifier": "v", "exp": 9e9}
    forged = "x.y.z"
    if key is not None:
        forged = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(key))
    browser.cookies.clear()
    browser.cookies.set(oidc_sign_in.COOKIE, forged, path=START)

    answer = browser.get(way_back, params=query)

    assert answer.headers["location"] == "/?sign_in=failed"
    assert not signed_in(browser)


def test_a_ticket_is_good_for_ten_minutes(provider):
    """Who comes back later begins again."""
    now = [time.time()]
    settings = OidcSettings(issuer=provider.issuer, audience="api", client_id=CLIENT)
    sign_in = OidcSignIn(
        settings, OidcVerifier(settings), bytes(range(32)), clock=lambda: now[0]
    )
    begun = sign_in.begin("http://127.0.0.1/back")
    redirect_uri, query = provider.visit(begun.address)
    now[0] += TICKET_S + 1

    with pytest.raises(UnauthenticatedError, match="is over"):
        sign_in.finish(ticket=begun.ticket, redirect_uri=redirect_uri, **query)


def test_the_way_back_leads_nowhere_else(browser, provider):
    """No word of the address chooses where the browser goes: only the page itself."""
    way_back, query = provider.visit(began(browser))
    for name in ("next", "redirect", "redirect_uri", "url"):
        query[name] = "https://evil.example"

    assert browser.get(way_back, params=query).headers["location"] == "/"


def test_a_provider_that_is_down_is_told_on_the_page(database, settings, browser):
    """A browser sees the page with a word on it, never a line of JSON."""
    oidc = OidcSettings(issuer="http://127.0.0.1:9", audience="api", client_id=CLIENT)
    changed = settings.model_copy(
        update={"auth": "oidc", "security": SecuritySettings(oidc=oidc)}
    )
    browser.app.state.safety = make_safety(database, changed)

    assert began(browser) == "/?sign_in=failed"


def test_without_a_client_there_is_no_way(database, settings, provider, browser):
    """Where the service has no name at the provider, tokens count and the page is quiet."""
    oidc = OidcSettings(issuer=provider.issuer, audience="api")
    changed = settings.model_copy(
        update={"auth": "oidc", "security": SecuritySettings(oidc=oidc)}
    )
    browser.app.state.safety = make_safety(database, changed)

    assert browser.get("/api/v1/sign-in").json()["redirect"] is None
    assert browser.get(START).status_code == 404
    assert browser.get(f"{START}/callback").status_code == 404
