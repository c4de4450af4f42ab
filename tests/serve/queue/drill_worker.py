"""A worker whose work is a short sleep, for drills that kill it: URL and name as arguments."""

from __future__ import annotations

import sys
import time
from functools import partial

from tumorscope.serve.database.counters import count
from tumorscope.serve.database.engine import Database
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.settings import QueueLimits

LIMITS = QueueLimits(lease_s=1.0, attempts=50, waiting_jobs=100_000)


def main(url: str, name: str, sleep_s: float) -> None:
    """Work until killed."""
    queue = JobQueue(Database(url), LIMITS)
    while True:
        claim = queue.claim(name)
        if claim is None:
            time.sleep(0.02)
            continue
        time.sleep(sleep_s)
        note = partial(count, name="end", label=claim.study_id)
        queue.finish(claim, record=note)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
