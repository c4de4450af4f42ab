"""Keeps a claim alive while its job advances, and ends the process when it does not."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from tumorscope.domain.errors import TumorscopeError
from tumorscope.serve.queue.job import Claim, Report
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.settings import QueueLimits
from tumorscope.serve.worker.exit_status import OUT_OF_TIME, STAGE_TOO_LONG

REPORT_S = 1.0
Item = TypeVar("Item")
_LOG = logging.getLogger(__name__)


class StoppedError(TumorscopeError):
    """The job was canceled, or belongs to somebody else by now."""


class Heartbeat:
    """Reports for one claim from a thread of its own; is the job's `Progress`.

    A living process proves nothing about its job, so the lease is extended only while the
    stage is within its time. Past it the process ends at once: whatever the stage hangs
    in cannot be told to stop.
    """

    def __init__(
        self,
        queue: JobQueue,
        claim: Claim,
        limits: QueueLimits,
        *,
        drain_ends: Callable[[], float | None] = lambda: None,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        """Take what is watched.

        Args:
            queue: Takes the reports.
            claim: What they are about.
            limits: Time of a stage.
            drain_ends: When, on the monotonic clock, the job must be given back; None
                while nobody asked to stop.
            leave: Ends the process.
        """
        self._queue, self._claim, self._limits = queue, claim, limits
        self._drain_ends, self._leave = drain_ends, leave
        self._report = Report(stage="starting", done=0, total=0)
        self._stage_began = time.monotonic()
        self._over = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        """Start to report."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop to report."""
        self._over.set()
        self._thread.join()

    def __call__(
        self, items: Iterable[Item], *, total: int, label: str
    ) -> Iterator[Item]:
        """Yield every item and remember how far it got.

        Raises:
            StoppedError: If the job is to be given up.
        """
        self._enter(label, total)
        for done, item in enumerate(items):
            if self._stopped.is_set():
                raise StoppedError("given up")
            self._report = Report(stage=label, done=done, total=total)
            yield item
        self._report = Report(stage=label, done=total, total=total)

    def _enter(self, label: str, total: int) -> None:
        self._report = Report(stage=label, done=0, total=total)
        self._stage_began = time.monotonic()

    def _beat(self) -> None:
        pause_s = min(REPORT_S, self._limits.lease_s / 3)
        while not self._over.wait(pause_s):
            if time.monotonic() - self._stage_began > self._limits.stage_s:
                _LOG.error("stage too long", extra={"job": self._claim.job_id})
                self._leave(STAGE_TOO_LONG)
                return
            self._give_back_in_time()
            try:
                goes_on = self._queue.report(self._claim, self._report)
            except SQLAlchemyError as error:
                _LOG.warning("no report", extra={"kind": type(error).__name__})
                continue  # the lease runs out if this lasts
            if not goes_on:
                self._stopped.set()

    def _give_back_in_time(self) -> None:
        ends = self._drain_ends()
        if ends is None or time.monotonic() < ends:
            return
        self._queue.release(self._claim, is_attempt=False)
        self._leave(OUT_OF_TIME)
