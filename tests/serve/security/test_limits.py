"""Limits of sign-ins and uploads."""

from __future__ import annotations

import pytest

from tumorscope.serve.security.quotas import QuotaLimits, Quotas
from tumorscope.serve.security.refusals import QuotaExceededError, TooManyAttemptsError
from tumorscope.serve.security.sign_in_limits import SignInGuard, SignInLimits


class Seconds:
    """A stop-watch that tests turn."""

    now = 0.0

    def __call__(self):
        """Return seconds."""
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def guard(seconds):
    limits = SignInLimits(window_s=900, pair=3, address=6, account=8)
    return SignInGuard(limits, seconds)


def test_the_fourth_guess_waits_until_the_window_is_over(guard, seconds):
    """Failures for one account from one address are counted, and forgotten in time."""
    for _ in range(3):
        guard.admit("anna", "10.0.0.1")

    with pytest.raises(TooManyAttemptsError) as refused:
        guard.admit("ANNA ", "10.0.0.1")
    assert refused.value.headers == {"Retry-After": "901"}
    seconds.now = 901
    guard.admit("anna", "10.0.0.1")


def test_one_address_cannot_try_many_accounts(guard):
    """Guessing one password for all names is stopped by the address."""
    for number in range(6):
        guard.admit(f"name{number}", "10.0.0.1")

    with pytest.raises(TooManyAttemptsError):
        guard.admit("another", "10.0.0.1")
    guard.admit("another", "10.0.0.2")


def test_many_addresses_cannot_try_one_account(guard):
    """Guessing from a swarm is stopped by the account."""
    for number in range(8):
        guard.admit("anna", f"10.0.0.{number}")

    with pytest.raises(TooManyAttemptsError):
        guard.admit("anna", "10.0.0.99")


def test_addresses_of_one_ipv6_network_count_as_one(guard):
    """Who has a /64 cannot come from a new address each time."""
    for number in range(3):
        guard.admit("anna", f"2001:db8:1:2::{number}")

    with pytest.raises(TooManyAttemptsError):
        guard.admit("anna", "2001:db8:1:2:ffff::7")


def test_a_success_forgets_the_failures(guard):
    """Who remembers the password in time starts at nothing again."""
    for _ in range(20):
        guard.admit("anna", "10.0.0.1")
        guard.succeeded("anna", "10.0.0.1")


def test_a_million_names_do_not_fill_the_memory(guard):
    """The guard keeps a bounded number of counts."""
    for number in range(30_000):
        guard.admit(f"name{number}", f"10.{number >> 8 & 255}.{number & 255}.1")

    assert len(guard._failures) <= 20_000


def test_the_site_has_a_day_s_worth_of_bytes(database, clock):
    """All accounts share the day's bytes; midnight UTC begins anew."""
    quotas = Quotas(database, QuotaLimits(site_bytes_a_day=100), clock)
    quotas.take_bytes(60)
    quotas.take_bytes(40)

    with pytest.raises(QuotaExceededError) as refused:
        quotas.take_bytes(1)
    assert refused.value.headers["Retry-After"] == str(12 * 3600 + 1)
    clock.pass_(hours=12)
    quotas.take_bytes(100)


def test_more_than_a_day_s_worth_is_refused_at_once(database, clock):
    """The first upload of a day is no exception."""
    quotas = Quotas(database, QuotaLimits(site_bytes_a_day=100), clock)

    with pytest.raises(QuotaExceededError):
        quotas.take_bytes(101)


def test_an_account_hands_in_so_many_studies_a_minute(database, clock, seconds):
    """A program that runs wild does not fill the queue for the others."""
    limits = QuotaLimits(submissions_a_minute=2)
    quotas = Quotas(database, limits, clock, seconds)
    quotas.take_submission("pacs")
    quotas.take_submission("pacs")

    with pytest.raises(QuotaExceededError):
        quotas.take_submission("pacs")
    quotas.take_submission("anna")
    seconds.now = 60
    quotas.take_submission("pacs")
