"""The time, always with its zone: SQLite gives times back without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def as_utc(stored: datetime) -> datetime:
    """Return a time of the database with its zone."""
    return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored
