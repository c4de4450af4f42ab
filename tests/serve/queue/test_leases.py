"""Tests of the queue: claimed by one, finished once, given up after its attempts."""

from __future__ import annotations

import threading
import time

import pytest

from tumorscope.serve.queue.job import CANCELED, Failure, Report
from tumorscope.serve.queue.leases import FullError

BAD = Failure(code="unreadable", detail="no scan")


def test_jobs_are_dealt_once_in_the_order_of_their_arrival(make_queue, submit):
    """The oldest first; nobody gets one that somebody has."""
    queue = make_queue()
    first, second = submit(queue)[0], submit(queue)[0]

    assert [queue.claim("a").job_id, queue.claim("b").job_id] == [first, second]
    assert queue.claim("c") is None


def test_a_key_that_is_known_is_the_same_job_even_when_the_queue_is_full(
    make_queue, submit
):
    """A repeat never counts twice and is never refused."""
    queue = make_queue(waiting_jobs=1)
    first = submit(queue, key="k")[0]

    assert submit(queue, key="k")[0] == first
    with pytest.raises(FullError):
        submit(queue, key="other")


def test_many_threads_cannot_overshoot_the_cap(make_queue, submit):
    """Count and insert are one step, whoever else hands in at the same time."""
    queue = make_queue(waiting_jobs=5)
    refused: list[int] = []

    def hand_in():
        try:
            submit(queue)
        except FullError as error:
            refused.append(error.waiting)

    threads = [threading.Thread(target=hand_in) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(refused) == 7


def test_a_lease_that_ran_out_is_claimed_again_and_the_first_cannot_finish(
    make_queue, submit, row_of
):
    """Only the newest claim ends the job; the other writes nothing."""
    queue = make_queue(lease_s=0.05)
    job_id, _ = submit(queue)
    late = queue.claim("a")
    time.sleep(0.1)

    again = queue.claim("b")
    written = []

    assert again.attempt == 2
    assert not queue.finish(late, record=written.append)
    assert not queue.report(late, Report(stage="s", done=0, total=1))
    assert queue.finish(again)
    assert written == []
    assert row_of(job_id).state == "done"
    assert not queue.finish(again)


def test_a_report_extends_the_lease(make_queue, submit):
    """A job that advances is not taken away."""
    queue = make_queue(lease_s=0.3)
    submit(queue)
    claim = queue.claim("a")
    for done in range(5):
        time.sleep(0.1)
        assert queue.report(claim, Report(stage="scoring", done=done, total=5))

    assert queue.claim("b") is None


def test_a_lease_of_another_boot_counts_as_over(make_queue, submit, database):
    """The machine's clock starts anew at a reboot, and old leases say nothing."""
    queue = make_queue(lease_s=1000)
    submit(queue)
    queue.claim("a")
    other = make_queue()
    other._clock.epoch = "another boot"

    assert other.claim("b").attempt == 2


def test_after_its_attempts_a_job_has_failed(make_queue, submit, row_of):
    """A job that ends every worker does not go round forever."""
    queue = make_queue(attempts=2)
    job_id, _ = submit(queue)
    for _ in range(2):
        assert queue.claim("a") is not None
        queue.bury("a", crashed=False)

    assert queue.claim("a") is None
    assert (row_of(job_id).state, row_of(job_id).error_code) == ("failed", "attempts")


def test_a_content_that_crashed_twice_is_put_in_quarantine(make_queue, submit, row_of):
    """Also under another job; contents that did not crash are not touched."""
    queue = make_queue(attempts=9)
    bad, good = submit(queue, "a" * 64)[0], submit(queue, "b" * 64)[0]
    for _ in range(2):
        assert queue.claim("w").job_id == bad
        queue.bury("w", crashed=True)

    assert queue.claim("w").job_id == good
    assert row_of(bad).error_code == "quarantined"


def test_a_job_that_is_given_back_on_request_has_lost_no_attempt(make_queue, submit):
    """A restart of the service is no failure of the job."""
    queue = make_queue()
    submit(queue)

    assert queue.release(queue.claim("a"), is_attempt=False)

    assert queue.claim("b").attempt == 1


def test_a_failure_is_final_and_marks_the_study(make_queue, submit, row_of, database):
    """What cannot be read is not read again."""
    queue = make_queue()
    job_id, _ = submit(queue)

    assert queue.fail(queue.claim("a"), BAD)

    assert row_of(job_id).error_code == "unreadable"
    assert queue.claim("b") is None


def test_a_running_job_hears_of_its_cancel_at_the_next_report(
    make_queue, submit, database, row_of
):
    """Whoever works on it is told to stop, and ends it as canceled."""
    queue = make_queue()
    job_id, _ = submit(queue)
    claim = queue.claim("a")
    with database.write() as connection:
        assert queue.cancel(connection, job_id)

    assert not queue.report(claim, Report(stage="s", done=0, total=1))
    assert queue.fail(claim, CANCELED)
    assert row_of(job_id).state == "canceled"


def test_a_worker_that_hangs_is_named(make_queue, submit):
    """Its parent can end it; one that reports is left alone."""
    queue = make_queue(lease_s=0.05)
    submit(queue)
    queue.claim("sleepy")
    assert queue.stalled_workers() == []

    time.sleep(0.1)

    assert queue.stalled_workers() == ["sleepy"]
