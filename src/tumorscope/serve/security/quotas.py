"""How much the whole site may upload in a day, and an account in a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as day_time
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from tumorscope.domain.spec import Spec
from tumorscope.serve.database.engine import Database
from tumorscope.serve.security.clock import Clock, utc_now
from tumorscope.serve.security.refusals import QuotaExceededError
from tumorscope.serve.security.tables import UPLOAD_USE

GIB = 2**30


class QuotaLimits(Spec):
    """How much may be uploaded."""

    site_bytes_a_day: Annotated[int, Field(ge=1)] = 200 * GIB
    """Bytes from all accounts together, a day of UTC."""
    submissions_a_minute: Annotated[int, Field(ge=1)] = 60
    """Studies from one account."""


class Quotas:
    """What the site has used."""

    def __init__(
        self,
        database: Database,
        limits: QuotaLimits,
        clock: Clock = utc_now,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Work on a database whose tables exist."""
        self._database = database
        self._limits = limits
        self._clock = clock
        self._seconds = seconds
        self._submissions: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take_bytes(self, size_bytes: int) -> None:
        """Count bytes before they are written.

        Raises:
            QuotaExceededError: If the site's day is used up.
        """
        now = self._clock()
        day = now.date().isoformat()
        fits = UPLOAD_USE.c.size_bytes <= self._limits.site_bytes_a_day - size_bytes
        take = (
            update(UPLOAD_USE)
            .where(UPLOAD_USE.c.day == day, fits)
            .values(size_bytes=UPLOAD_USE.c.size_bytes + size_bytes)
        )
        with self._database.write() as connection:
            if connection.execute(take).rowcount:
                return
            known = connection.execute(
                select(UPLOAD_USE.c.day).where(UPLOAD_USE.c.day == day)
            ).first()
            if known is None and size_bytes <= self._limits.site_bytes_a_day:
                _start_day(connection, day)
                if connection.execute(take).rowcount:
                    return
        raise QuotaExceededError(
            "The site's uploads of this day are used up; they are counted anew from "
            "midnight UTC.",
            _seconds_to_midnight(now),
        )

    def take_submission(self, account_id: str) -> None:
        """Count a study that an account hands in.

        Raises:
            QuotaExceededError: If it handed in too many within the last minute.
        """
        now = self._seconds()
        with self._lock:
            times = self._submissions.setdefault(account_id, deque())
            while times and now - times[0] >= 60:
                times.popleft()
            if len(times) >= self._limits.submissions_a_minute:
                raise QuotaExceededError(
                    "Too many studies within a minute from this account.",
                    max(1, int(60 - (now - times[0])) + 1),
                )
            times.append(now)


def _start_day(connection: Connection, day: str) -> None:
    try:
        with connection.begin_nested():
            connection.execute(insert(UPLOAD_USE).values(day=day, size_bytes=0))
    except IntegrityError:
        return  # somebody else began the day: the next statement counts on their row


def _seconds_to_midnight(now: datetime) -> int:
    tomorrow = datetime.combine(
        now.date() + timedelta(days=1), day_time(), tzinfo=now.tzinfo
    )
    return max(1, int((tomorrow - now).total_seconds()) + 1)
