"""Passwords: which are refused, how they are kept, how they are compared."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.security.refusals import TooManyAttemptsError

LEAST_LENGTH, MOST_LENGTH = 12, 256
_LEAST_DIFFERENT = 5
_KNOWN = (
    "password",
    "passwort",
    "changeme",
    "change-me",
    "default",
    "tumorscope",
    "letmein",
    "welcome",
    "qwertz",
    "qwerty",
    "12345",
    "1234",
    "admin",
    "secret",
    "radiology",
    "hospital",
)
_AT_ONCE, _IN_LINE, _WAIT_S = 2, 8, 2
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
"""argon2id, RFC 9106's choice for little memory: 64 MiB and three passes."""
_GATE = threading.BoundedSemaphore(_AT_ONCE)
"""A flood of sign-ins would otherwise take 64 MiB each."""
_LINE = threading.BoundedSemaphore(_IN_LINE)
"""Who comes when the line is full is sent away: the others' requests need threads too."""
_NOBODY = _HASHER.hash(secrets.token_urlsafe(24))


def refuse_weak(password: str, name: str) -> None:
    """Raise unless a password may be used.

    Args:
        password: As typed.
        name: Name of the account.

    Raises:
        ConfigError: If it is short, long, built from a well-known word or from the name.
    """
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise ConfigError(
            f"the password must have {LEAST_LENGTH} to {MOST_LENGTH} characters; a "
            "phrase of four words is easy to keep in mind"
        )
    core = password.casefold()
    for word in (*_KNOWN, name.casefold()):
        core = core.replace(word, "")
    if len(set(core)) < _LEAST_DIFFERENT:
        raise ConfigError(
            "the password is little more than the account's name or a well-known word: "
            "choose another"
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and cost."""
    with _GATE:
        return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Return whether a password fits; takes as long where there is no account.

    Args:
        password: As typed.
        stored: Hash; None where no account has the name.

    Raises:
        TooManyAttemptsError: If too many passwords are being compared already.
    """
    if not _LINE.acquire(blocking=False):
        raise TooManyAttemptsError(_WAIT_S)
    try:
        with _GATE:
            _HASHER.verify(stored or _NOBODY, password[: MOST_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _LINE.release()
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made at a cost of former days."""
    return _HASHER.check_needs_rehash(stored)
