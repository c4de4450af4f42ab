"""Accounts, sessions and tokens in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.security.access import LOCAL, SCOPES_OF, Role, Scope
from tumorscope.serve.security.accounts import Accounts
from tumorscope.serve.security.sessions import SessionLimits, Sessions
from tumorscope.serve.security.tokens import Tokens

PASSWORD = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture
def accounts(database, clock):
    return Accounts(database, clock)


@pytest.fixture
def sessions(database, clock):
    return Sessions(database, SessionLimits(), b"k" * 32, clock)


@pytest.fixture
def tokens(database, clock):
    return Tokens(database, clock)


@pytest.fixture
def anna(accounts):
    return accounts.add("Anna", Role.READER, password=PASSWORD)


def test_only_the_right_name_and_password_sign_in(accounts, anna):
    """Case of the name does not matter; everything else does."""
    assert accounts.sign_in(" ANNA ", PASSWORD) == anna
    assert accounts.sign_in("anna", PASSWORD.upper()) is None
    assert accounts.sign_in("berta", PASSWORD) is None


@pytest.mark.parametrize("name", ["anna", "ANNA", "local", "nobody", "a b", "x", "<b>"])
def test_a_taken_or_odd_name_is_refused(accounts, anna, name):
    """Names are unique, plain, and none of the service's own."""
    with pytest.raises(ConfigError):
        accounts.add(name, Role.READER, password=PASSWORD)


def test_a_shut_account_signs_in_no_more(accounts, anna):
    """Disabling shuts the door; opening it again lets in."""
    accounts.set_disabled(anna.id, disabled=True)
    assert accounts.sign_in("anna", PASSWORD) is None

    accounts.set_disabled(anna.id, disabled=False)
    assert accounts.sign_in("anna", PASSWORD) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts, who: accounts.set_password(who, "another good phrase"),
        lambda accounts, who: accounts.set_disabled(who, disabled=True),
        lambda accounts, who: accounts.set_role(who, Role.SERVICE),
    ],
    ids=["password", "disabled", "role"],
)
def test_a_change_of_the_account_ends_its_sessions_and_tokens(
    *, accounts, sessions, tokens, anna, change
):
    """What was signed in before a change is not signed in after it."""
    cookie = sessions.start(anna.id)
    text, _ = tokens.issue(
        anna.id, label="a", scopes={Scope.READ}, lasts=timedelta(days=1)
    )

    change(accounts, anna.id)

    assert sessions.account_of(cookie) is None
    assert tokens.check(text) is None


def test_a_session_ends_when_nobody_uses_it(sessions, anna, clock):
    """Thirty minutes without a request end a session; requests keep it alive."""
    cookie = sessions.start(anna.id)
    for _ in range(4):
        clock.pass_(minutes=29)
        assert sessions.account_of(cookie) == anna.id
    clock.pass_(minutes=31)

    assert sessions.account_of(cookie) is None
    clock.pass_(minutes=-31)
    assert sessions.account_of(cookie) is None


def test_a_session_ends_after_twelve_hours_whatever_happens(sessions, anna, clock):
    """Even a session in constant use must be signed in anew."""
    cookie = sessions.start(anna.id)
    for _ in range(47):
        clock.pass_(minutes=15)
        assert sessions.account_of(cookie) == anna.id
    clock.pass_(minutes=16)

    assert sessions.account_of(cookie) is None


def test_signing_in_changes_the_cookie_and_ends_the_old_one(sessions, anna):
    """A cookie that somebody planted before the sign-in is worth nothing after it."""
    planted = sessions.start(anna.id)

    mine = sessions.start(anna.id, instead_of=planted)

    assert mine != planted
    assert sessions.account_of(planted) is None
    assert sessions.account_of(mine) == anna.id
    assert sessions.csrf_token(mine) != sessions.csrf_token(planted)


def test_the_database_holds_no_secret(*, settings, accounts, sessions, tokens, anna):
    """Neither password, cookie nor token can be read from the database's files."""
    cookie = sessions.start(anna.id)
    text, _ = tokens.issue(
        anna.id, label="a", scopes={Scope.READ}, lasts=timedelta(days=1)
    )

    stored = b"".join(
        file.read_bytes() for file in settings.data.glob("tumorscope.sqlite*")
    )

    assert anna.id.encode() in stored
    for secret in (PASSWORD, cookie, text, text.split("_", 2)[2]):
        assert secret.encode() not in stored


def test_a_token_is_good_until_it_ends_or_is_taken_back(tokens, anna, clock):
    """Expiry and revocation count at once."""
    text, known = tokens.issue(
        anna.id,
        label="pacs",
        scopes={Scope.READ, Scope.SUBMIT},
        lasts=timedelta(days=2),
    )

    assert tokens.check(text).scopes == {Scope.READ, Scope.SUBMIT}
    clock.pass_(days=2)
    assert tokens.check(text) is None
    clock.pass_(days=-1)
    assert tokens.check(text) is not None
    tokens.revoke(known.prefix)
    assert tokens.check(text) is None


def test_a_token_with_one_wrong_character_is_no_token(tokens, anna):
    """Prefix and secret must both fit, in the exact form."""
    text, known = tokens.issue(
        anna.id, label="a", scopes={Scope.READ}, lasts=timedelta(days=1)
    )
    last = "A" if text[-1] != "A" else "B"

    for wrong in (text[:-1] + last, text + "A", text[1:], f"tsk_{known.prefix}_", ""):
        assert tokens.check(wrong) is None


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lasts_a_year_at_most(tokens, anna, days):
    """There is no token for ever."""
    with pytest.raises(ConfigError, match="1 to 366"):
        tokens.issue(
            anna.id, label="a", scopes={Scope.READ}, lasts=timedelta(days=days)
        )


def test_a_service_sees_only_what_it_sent():
    """Readers and admins see all studies of the site, a service its own."""
    for role in Role:
        principal = LOCAL.__class__(
            account_id="me",
            name="me",
            role=role,
            scopes=SCOPES_OF[role],
            via="token",
        )
        assert principal.may_see("me")
        assert principal.may_see("other") is (role is not Role.SERVICE)
        assert principal.may_see(None) is (role is not Role.SERVICE)
