"""Passwords: refusals, hashes, and equal time for everybody."""

from __future__ import annotations

import statistics
import threading
import time

import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.security.passwords import hash_password, matches, refuse_weak
from tumorscope.serve.security.refusals import TooManyAttemptsError


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "changemechangeme",
        "adminadmin123456",
        "Tumorscope123456",
        "anna-anna-anna-anna",
        "aaaaaaaaaaaaaaaaaa",
        "x" * 257,
    ],
)
def test_a_default_short_or_obvious_password_is_refused(password):
    """Default and short secrets never become an account's password."""
    with pytest.raises(ConfigError, match="password"):
        refuse_weak(password, "anna")


def test_a_phrase_is_taken():
    """A phrase of plain words is a good password."""
    refuse_weak("correct horse battery", "anna")


def test_the_hash_is_argon2id_and_fits_its_password_only():
    """What is kept is an argon2id hash with its own salt."""
    first, second = hash_password("correct horse"), hash_password("correct horse")

    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert first != second
    assert matches("correct horse", first)
    assert not matches("correct horses", first)
    assert not matches("correct horse", None)
    assert not matches("correct horse", "no hash")


def test_an_unknown_account_takes_as_long_as_a_wrong_password():
    """The time of an answer does not tell which names exist."""
    stored = hash_password("correct horse")

    def seconds(hash_or_none):
        begin = time.perf_counter()
        matches("wrong guess", hash_or_none)
        return time.perf_counter() - begin

    known = statistics.median(seconds(stored) for _ in range(5))
    unknown = statistics.median(seconds(None) for _ in range(5))

    assert 0.4 < known / unknown < 2.5


def test_a_crowd_at_the_door_is_sent_away_instead_of_taking_all_threads():
    """Beyond a short line a sign-in is refused at once, so that others are served."""
    stored = hash_password("correct horse")
    refused, served = [], []

    def knock():
        try:
            served.append(matches("correct horse", stored))
        except TooManyAttemptsError:
            refused.append(1)

    threads = [threading.Thread(target=knock) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(served) >= 8
    assert all(served)
    assert len(served) + len(refused) == 30
    assert refused
