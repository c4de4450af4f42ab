"""Run by the service: `python -m tumorscope.serve.worker`, settings on standard input."""

from __future__ import annotations

import resource
import signal
import sys

from tumorscope.serve.child_process import ChildOrders
from tumorscope.serve.database.engine import Database
from tumorscope.serve.logs import install_logs
from tumorscope.serve.models import read_models
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.storage import Storage
from tumorscope.serve.worker.loop import Worker
from tumorscope.serve.worker.opened_models import OpenedModels
from tumorscope.serve.worker.screening_job import Workplace


def main() -> int:
    """Open the default model, then work."""
    orders = ChildOrders.model_validate_json(sys.stdin.buffer.read())
    settings = orders.settings
    install_logs()
    limit = settings.queue.worker_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold pixels
    database = Database(settings.url_of_database)
    registry = read_models(settings)
    storage = Storage(settings.data)
    place = Workplace(
        database=database,
        queue=JobQueue(database, settings.queue),
        storage=storage,
        registry=registry,
        models=OpenedModels(settings.engine),
        settings=settings,
    )
    worker = Worker(orders.name, place, settings)
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    place.models.open(registry.default)
    return worker.run()


if __name__ == "__main__":
    sys.exit(main())
