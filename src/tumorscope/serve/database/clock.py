"""Two clocks: one for people, and one for leases that nobody can set.

A lease is counted on a clock that no change of the wall clock moves: on SQLite, whose
processes share a machine, the machine's monotonic clock, which starts anew at a reboot
and so comes with the identity of the boot; on PostgreSQL the server's clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Connection, text

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SERVER = "server"


class LeaseClock:
    """Seconds of the clock of the leases."""

    def __init__(self, *, is_sqlite: bool) -> None:
        """Choose the clock.

        Args:
            is_sqlite: Whether the database is a file of this machine.
        """
        self._is_sqlite = is_sqlite
        self.epoch = _boot() if is_sqlite else _SERVER

    def now(self, connection: Connection) -> float:
        """Return the time, in seconds since some beginning that `epoch` names."""
        if self._is_sqlite:
            return time.monotonic()
        found = connection.execute(text("SELECT extract(epoch from clock_timestamp())"))
        return float(found.scalar_one())


def wall_time() -> float:
    """Return seconds since 1970 in UTC, for people."""
    return time.time()


def iso_time(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _boot() -> str:
    if _BOOT_ID.is_file():
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return f"{psutil.boot_time():.0f}"
