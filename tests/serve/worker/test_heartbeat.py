"""Tests of the heartbeat: it proves that a job advances, not that a process lives."""

from __future__ import annotations

import time

import pytest

from tumorscope.serve.queue.job import Claim
from tumorscope.serve.settings import QueueLimits
from tumorscope.serve.worker.exit_status import (
    OUT_OF_TIME,
    STAGE_TOO_LONG,
    blames_content,
)
from tumorscope.serve.worker.heartbeat import Heartbeat, StoppedError

CLAIM = Claim(
    job_id="j",
    study_id="s",
    content_digest="d",
    owner="o",
    attempt=1,
    kind="screen",
)
LIMITS = QueueLimits(lease_s=0.06, stage_s=0.1)


class Queue:
    """Remembers reports and releases."""

    def __init__(self, *, goes_on=True):
        self.reports, self.released, self.goes_on = [], [], goes_on

    def report(self, claim, report):
        self.reports.append(report)
        return self.goes_on

    def release(self, claim, *, is_attempt):
        self.released.append(is_attempt)
        return True


def test_progress_is_reported_with_stage_and_count():
    """Readers see what is being done and how much of it is left."""
    queue = Queue()
    with Heartbeat(queue, CLAIM, LIMITS, leave=lambda _: None) as beat:
        for _ in beat(range(4), total=4, label="scoring"):
            time.sleep(0.04)

    assert {one.stage for one in queue.reports} <= {"starting", "scoring"}
    assert max(one.done for one in queue.reports) >= 1


def test_a_stage_beyond_its_time_ends_the_process():
    """Whatever it hangs in cannot be told to stop, and its content is suspected."""
    left = []
    with Heartbeat(Queue(), CLAIM, LIMITS, leave=left.append):
        time.sleep(0.3)

    assert left == [STAGE_TOO_LONG]
    assert blames_content(STAGE_TOO_LONG)


def test_a_job_that_is_lost_or_canceled_stops_at_its_next_step():
    """No work is done for a result that will not count."""

    def advance(beat):
        for _ in beat(range(100), total=100, label="scoring"):
            time.sleep(0.02)

    watched = Heartbeat(Queue(goes_on=False), CLAIM, LIMITS, leave=lambda _: None)
    with watched as beat, pytest.raises(StoppedError):
        advance(beat)


def test_a_job_that_does_not_end_before_the_service_must_is_given_back():
    """It keeps its attempts, and another worker goes on with it."""
    queue, left = Queue(), []
    limits = LIMITS.model_copy(update={"stage_s": 9.0})
    ends = time.monotonic() + 0.05
    with Heartbeat(queue, CLAIM, limits, drain_ends=lambda: ends, leave=left.append):
        time.sleep(0.12)

    assert left[0] == OUT_OF_TIME
    assert queue.released[0] is False
    assert not blames_content(OUT_OF_TIME)


@pytest.mark.parametrize(("status", "blamed"), [(-9, False), (-11, True), (-6, True)])
def test_a_plain_kill_blames_nobody_and_a_crash_the_content(status, blamed):
    """The operator's kill must not put a patient's study into quarantine."""
    assert blames_content(status) is blamed
