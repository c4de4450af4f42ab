"""Signing in over HTTP: cookies, forged requests, guesses, tokens."""

from __future__ import annotations

import json

import pytest

from tumorscope.serve.safety import make_safety

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
SESSION = "/api/v1/session"


def actions(client):
    """Return what the audit log holds, as action and outcome."""
    records = client.app.state.audit_log.read()
    bodies = [json.loads(one.body) for one in records]
    return [(one["action"], one["outcome"]) for one in bodies]


def test_signing_in_sets_a_strict_cookie_and_says_who_it_is(client):
    """The page learns name, role and token; scripts cannot read the cookie."""
    answer = client.post(SESSION, json={"name": "anna", "password": PASSWORD})

    cookie = answer.headers["set-cookie"]
    assert answer.json()["account"]["name"] == "anna"
    assert answer.json()["auth"] == "accounts"
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert client.get(SESSION).json() == answer.json()
    assert ("logged_in", "success") in actions(client)


def test_behind_tls_the_cookie_is_bound_to_the_host(safety, client, make_client):
    """With TLS the cookie is Secure and no other host of the domain can set it."""
    tls = safety.settings.security.model_copy(update={"behind_tls": True})
    settings = safety.settings.model_copy(update={"security": tls})
    object.__setattr__(safety, "settings", settings)
    browser = make_client(safety)

    answer = browser.post(SESSION, json={"name": "anna", "password": PASSWORD})

    assert answer.headers["set-cookie"].startswith("__Host-tumorscope=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_without_signing_in_there_is_no_session(client):
    """401 with a stable code; the way to sign in is open to all."""
    answer = client.get(SESSION)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert client.get("/api/v1/sign-in").json()["auth"] == "accounts"


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client):
    """The answer does not tell which names exist; the attempt is recorded."""
    first = client.post(SESSION, json={"name": "anna", "password": "wrong"})
    second = client.post(SESSION, json={"name": "nobody-here", "password": "wrong"})

    assert first.status_code == second.status_code == 401
    assert first.json() == second.json()
    assert actions(client).count(("logged_in", "refused")) == 2


def test_the_sixth_guess_is_not_even_looked_at(client):
    """After five failures the right password waits too."""
    for _ in range(5):
        client.post(SESSION, json={"name": "anna", "password": "wrong"})

    answer = client.post(SESSION, json={"name": "anna", "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_attempts"
    assert 0 < int(answer.headers["retry-after"]) <= 901
    other = client.post(SESSION, json={"name": "ben", "password": PASSWORD})
    assert other.status_code == 200


def test_signing_in_never_keeps_a_planted_cookie(client):
    """Session fixation: the cookie that the browser came with is worth nothing after."""
    client.cookies.set("tumorscope", "planted" * 6)

    client.post(SESSION, json={"name": "anna", "password": PASSWORD})
    again = client.post(SESSION, json={"name": "anna", "password": PASSWORD})

    first = client.cookies.get("tumorscope", domain="127.0.0.1")
    assert again.status_code == 200
    assert "planted" not in first
    client.cookies.clear()
    client.cookies.set("tumorscope", "planted" * 6)
    assert client.get(SESSION).status_code == 401


def test_a_change_without_the_page_s_token_is_refused(client, sign_in):
    """CSRF: the cookie alone changes nothing."""
    browser = sign_in()
    token = browser.headers.pop("X-CSRF-Token")
    body = {"name": "carl", "role": "reader", "password": "another good phrase"}

    for headers in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": ""}):
        answer = browser.post("/api/v1/accounts", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    right = browser.post("/api/v1/accounts", json=body, headers={"X-CSRF-Token": token})
    assert right.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda headers: "".join(headers.values()),
)
def test_another_site_s_page_changes_nothing(client, sign_in, headers):
    """Even with the right token a request from another origin is refused."""
    browser = sign_in()

    out = browser.delete(SESSION, headers=headers)
    into = browser.post(
        SESSION, json={"name": "ben", "password": PASSWORD}, headers=headers
    )

    assert (out.status_code, out.json()["code"]) == (403, "csrf")
    assert (into.status_code, into.json()["code"]) == (403, "csrf")
    assert browser.get(SESSION).json()["account"]["name"] == "anna"


def test_a_form_of_another_site_cannot_sign_in(client):
    """A body that a plain HTML form can send is not read as JSON."""
    answer = client.post(
        SESSION,
        content=json.dumps({"name": "anna", "password": PASSWORD}),
        headers={"Content-Type": "text/plain"},
    )

    assert answer.status_code == 422


def test_signing_out_ends_the_session_on_the_server(client, sign_in):
    """A copy of the cookie is worth nothing after signing out."""
    browser = sign_in()
    copy = browser.cookies.get("tumorscope")

    assert browser.delete(SESSION).status_code == 204
    browser.cookies.clear()
    browser.cookies.set("tumorscope", copy)

    assert browser.get(SESSION).status_code == 401
    assert ("logged_out", "success") in actions(client)


def test_changing_the_password_needs_the_present_one(client, sign_in):
    """Who finds an open screen cannot take the account over."""
    browser = sign_in("ben")
    path = f"{SESSION}/password"
    new = "quite another phrase"

    wrong = browser.put(path, json={"present": "guess", "new": new})
    weak = browser.put(path, json={"present": PASSWORD, "new": "changeme"})
    right = browser.put(path, json={"present": PASSWORD, "new": new})

    assert (wrong.status_code, weak.status_code) == (401, 422)
    assert right.status_code == 204
    assert browser.get(SESSION).status_code == 401
    assert (
        browser.post(SESSION, json={"name": "ben", "password": new}).status_code == 200
    )


def test_a_token_is_shown_once_and_carries_no_more_than_its_scopes(client, sign_in):
    """A reader's token for reading cannot hand in, and cannot make tokens."""
    browser = sign_in("ben")
    made = browser.post(
        "/api/v1/tokens", json={"label": "script", "scopes": ["read"], "days": 30}
    )
    text = made.json()["token"]
    listed = browser.get("/api/v1/tokens")
    browser.cookies.clear()
    del browser.headers["X-CSRF-Token"]
    bearer = {"Authorization": f"Bearer {text}"}

    assert made.status_code == 201
    assert text not in listed.text
    assert browser.get(SESSION, headers=bearer).json()["scopes"] == ["read"]
    assert browser.get("/api/v1/accounts", headers=bearer).status_code == 403
    more = browser.post(
        "/api/v1/tokens", json={"label": "more", "scopes": ["read"]}, headers=bearer
    )
    assert more.status_code == 403


def test_a_role_s_scopes_cannot_be_exceeded_by_a_token(client, sign_in):
    """A reader cannot make a token that administers, nor one for somebody else."""
    browser = sign_in("ben")
    anna = client.app.state.safety.accounts.by_name("anna")

    own = browser.post("/api/v1/tokens", json={"label": "x", "scopes": ["admin"]})
    other = browser.post(
        "/api/v1/tokens",
        json={"label": "x", "scopes": ["read"], "account_id": anna.id},
    )

    assert (own.status_code, other.status_code) == (422, 403)


def test_a_reader_sees_and_revokes_own_tokens_only(client, sign_in):
    """Somebody else's token is not found, whatever its prefix."""
    browser = sign_in("anna")
    made = browser.post("/api/v1/tokens", json={"label": "x", "scopes": ["read"]})
    prefix = made.json()["known"]["prefix"]
    browser.cookies.clear()
    browser = sign_in("ben")

    assert browser.get("/api/v1/tokens").json() == []
    assert browser.delete(f"/api/v1/tokens/{prefix}").status_code == 404


@pytest.mark.parametrize(
    "value", ["Basic YW5uYTpw", "Bearer", "Bearer x", "Bearer tsk_0_0", "tsk_0", ""]
)
def test_a_bad_authorization_header_is_refused_even_with_a_cookie(
    client, sign_in, value
):
    """What is shown must prove itself; the cookie does not save it."""
    browser = sign_in()

    answer = browser.get(SESSION, headers={"Authorization": value})

    assert answer.status_code == 401


def test_the_last_admin_cannot_be_shut_out(client, sign_in):
    """Somebody must be left to manage accounts."""
    browser = sign_in()
    anna = browser.get(SESSION).json()["account"]["id"]

    shut = browser.patch(f"/api/v1/accounts/{anna}", json={"disabled": True})
    demoted = browser.patch(f"/api/v1/accounts/{anna}", json={"role": "reader"})

    assert (shut.status_code, demoted.status_code) == (409, 409)


def test_an_admin_manages_accounts_and_the_log_tells(client, sign_in):
    """Made, changed, shut: each leaves a record, and passwords are never sent back."""
    browser = sign_in()
    new = "another good phrase"
    made = browser.post(
        "/api/v1/accounts", json={"name": "carl", "role": "reader", "password": new}
    )
    carl = made.json()["id"]
    changed = browser.patch(
        f"/api/v1/accounts/{carl}", json={"role": "admin", "disabled": True}
    )
    listed = browser.get("/api/v1/accounts")

    assert changed.json()["role"] == "admin"
    assert changed.json()["disabled"]
    assert {one["name"] for one in listed.json()} == {"anna", "ben", "carl"}
    assert "argon2" not in made.text + changed.text + listed.text
    assert actions(client).count(("account_changed", "success")) == 2
    assert browser.get("/api/v1/audit-log/state").json()["intact"]
    page = browser.get("/api/v1/audit-log", params={"limit": 2}).json()
    assert [one["number"] for one in page["items"]] == [1, 2]
    assert page["next_above"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"name": "carl", "role": "reader", "password": "changeme12345"},
        {"name": "carl", "role": "reader"},
        {"name": "pacs", "role": "service", "password": "another good phrase"},
        {"name": "carl", "role": "root", "password": "another good phrase"},
        {"name": "anna", "role": "reader", "password": "another good phrase"},
    ],
    ids=["weak", "none", "service", "role", "taken"],
)
def test_an_account_that_would_be_unsafe_is_not_made(client, sign_in, body):
    """Weak or missing passwords, odd roles and taken names: 422, and no value echoed."""
    answer = sign_in().post("/api/v1/accounts", json=body)

    assert answer.status_code == 422
    assert body.get("password", "-none-") not in answer.text


def test_without_accounts_the_machine_s_user_is_admin_and_pages_need_the_token(
    safety, database, make_client
):
    """Local mode: programs work at once, a browser's change needs the page's token."""
    local = make_safety(database, safety.settings.model_copy(update={"auth": "none"}))
    client = make_client(local)
    body = {"name": "carl", "role": "reader", "password": "another good phrase"}
    token = client.get(SESSION).json()["csrf_token"]
    origin = {"Origin": "http://127.0.0.1"}

    assert client.get(SESSION).json()["account"]["role"] == "admin"
    assert client.post(SESSION, json={"name": "a", "password": "b"}).status_code == 409
    blind = client.post("/api/v1/accounts", json=body, headers=origin)
    assert blind.json()["code"] == "csrf"
    page = client.post(
        "/api/v1/accounts", json=body, headers=origin | {"X-CSRF-Token": token}
    )
    program = client.post("/api/v1/accounts", json=body | {"name": "dora"})
    assert (page.status_code, program.status_code) == (201, 201)
