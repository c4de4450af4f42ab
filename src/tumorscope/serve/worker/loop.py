"""Takes jobs until it is asked to stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from tumorscope.domain.errors import TumorscopeError
from tumorscope.serve.queue.job import CANCELED, Claim, Failure
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.worker.exit_status import DONE, OUT_OF_MEMORY
from tumorscope.serve.worker.failures import describe_failure
from tumorscope.serve.worker.heartbeat import Heartbeat, StoppedError
from tumorscope.serve.worker.screening_job import Workplace, do_job

_LOG = logging.getLogger(__name__)
INTERNAL = Failure(
    code="internal",
    detail="The server failed on this study; the failure was logged.",
)
_DATABASE_PAUSE_S = 1.0


class Worker:
    """One process's work."""

    def __init__(self, name: str, place: Workplace, settings: ServiceSettings) -> None:
        """Take name, workplace and settings.

        Args:
            name: By which the parent knows this process.
            place: What is at hand.
            settings: Of the service.
        """
        self._name, self._place, self._settings = name, place, settings
        self._parent = os.getppid()
        self._asked = threading.Event()
        self._drain_ends: float | None = None

    def stop(self) -> None:
        """Take no further job, and end the one at hand in time."""
        if self._drain_ends is None:
            self._drain_ends = time.monotonic() + self._settings.queue.drain_s
        self._asked.set()

    def run(self) -> int:
        """Work until asked to stop, or until it is time for a fresh process.

        Returns:
            The exit status.
        """
        done = 0
        while not self._is_over() and done < self._settings.queue.worker_jobs:
            try:
                claim = self._place.queue.claim(self._name)
                if claim is None:
                    self._asked.wait(self._settings.queue.poll_s)
                    continue
                done += 1
                if not self._work(claim):
                    return OUT_OF_MEMORY
            except SQLAlchemyError as error:
                _LOG.warning("database", extra={"kind": type(error).__name__})
                self._asked.wait(_DATABASE_PAUSE_S)
        return DONE

    def drain_ends(self) -> float | None:
        """Return when the job at hand must be given back; None while nobody asked."""
        self._is_over()
        return self._drain_ends

    def _is_over(self) -> bool:
        if os.getppid() != self._parent:
            self.stop()  # nobody would start us again, or count our death
        return self._asked.is_set()

    def _work(self, claim: Claim) -> bool:
        """Do one job; return whether this process can go on."""
        queue, limits = self._place.queue, self._settings.queue
        facts = {"job": claim.job_id, "study": claim.study_id, "attempt": claim.attempt}
        began = time.monotonic()
        _LOG.info("job started", extra=facts)
        try:
            with Heartbeat(queue, claim, limits, drain_ends=self.drain_ends) as beat:
                counts = do_job(self._place, claim, beat)
        except StoppedError:
            queue.fail(claim, CANCELED)  # refused where the job is somebody else's
        except TumorscopeError as error:
            failure = describe_failure(error, hidden=self._hidden(claim))
            queue.fail(claim, failure)
            _LOG.info("job refused", extra=facts | {"code": failure.code})
        except MemoryError:
            queue.note_crash(claim.content_digest)
            queue.release(claim, is_attempt=True)
            _LOG.exception("out of memory", extra=facts)
            return False
        except SQLAlchemyError:
            queue.release(claim, is_attempt=True)
            raise
        except Exception:  # noqa: BLE001 - the outer loop: logged, counted, tried again
            _LOG.exception("job failed", extra=facts)
            self._try_again(claim)
        else:
            spent = {"seconds": round(time.monotonic() - began, 3)}
            _LOG.info("job done" if counts else "job lost", extra=facts | spent)
        return True

    def _try_again(self, claim: Claim) -> None:
        if claim.attempt >= self._settings.queue.attempts:
            self._place.queue.fail(claim, INTERNAL)
        else:
            self._place.queue.release(claim, is_attempt=True)

    def _hidden(self, claim: Claim) -> tuple[Path, ...]:
        study = self._place.storage.study(claim.study_id)
        return (study / f"work-{claim.owner}", study, self._settings.data)
