"""A drill: workers are killed at random, and every job is done exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from tumorscope.serve.database.counters import read_counters

WORKER = Path(__file__).with_name("drill_worker.py")
JOBS, KILLS, WORKERS, LIMIT_S = 60, 8, 2, 120


def start(url, name):
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(WORKER), url, name, "0.03"]
    )


def test_no_job_is_lost_or_done_twice_when_workers_are_killed(
    url, make_queue, submit, database
):
    """Sixty jobs over eight times `kill -9`: sixty ends, one for each."""
    queue = make_queue(lease_s=1.0, attempts=50, waiting_jobs=1000)
    studies = {submit(queue)[1] for _ in range(JOBS)}
    chance = random.Random(0)  # noqa: S311 - a drill
    names = iter(f"w{number}" for number in range(1000))
    running = {name: start(url, name) for name in (next(names), next(names))}
    kills, ends = 0, {}
    begun = time.monotonic()
    try:
        while len(ends) < JOBS and time.monotonic() - begun < LIMIT_S:
            time.sleep(chance.uniform(0.05, 0.3))
            with database.read() as connection:
                found = read_counters(connection)
            ends = {study: n for (kind, study), n in found.items() if kind == "end"}
            if ends and kills < KILLS:
                name, victim = chance.choice(list(running.items()))
                victim.kill()
                victim.wait()
                queue.bury(name, crashed=False)
                del running[name]
                fresh = next(names)
                running[fresh] = start(url, fresh)
                kills += 1
    finally:
        for one in running.values():
            one.kill()
            one.wait()

    assert kills > 0
    assert set(ends) == studies
    assert set(ends.values()) == {1}
