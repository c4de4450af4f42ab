"""The process tree of a DICOM node: the node itself, and workers of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.dicom_node import ACCOUNT, DicomNode
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.launch import WORKER, Supervisor
from tumorscope.serve.logs import install_logs
from tumorscope.serve.models import read_models
from tumorscope.serve.node_settings import NodeSettings
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.result_files import ResultFiles
from tumorscope.serve.safety import make_safety
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage
from tumorscope.workflows.received_files import ReceivedFiles

LOOK_S = 0.5


def launch_node(
    settings: ServiceSettings,
    node_settings: NodeSettings,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> int:
    """Run a node until a signal ends it.

    Args:
        settings: Data folder, database, model and workers.
        node_settings: Of the node.
        say: Told where it listens.

    Returns:
        Exit status.

    Raises:
        TumorscopeError: If settings, bundle or database cannot be used.
        OSError: If the port is taken.
    """
    install_logs()
    models, storage = read_models(settings), Storage(settings.data)
    database = Database(settings.url_of_database)
    say(migrate(database).as_words())
    safety = make_safety(database, settings)
    queue = JobQueue(database, settings.queue)
    intake = Intake(
        database=database,
        storage=storage,
        queue=queue,
        model_id=models.default.id,
        account_id=ACCOUNT,
        keeps_identity=True,
    )
    with ReceivedFiles() as received:
        node = DicomNode(
            settings=node_settings,
            intake=intake,
            results=ResultFiles(storage),
            received=received,
        )
        node.start()
        safety.note(Action.SERVICE_STARTED, detail="dicom node")
        say(f"{node_settings.ae_title} listens on {node_settings.host}:{node.port}")
        stops = threading.Event()
        thread = threading.Thread(target=_work, args=(node, stops), daemon=True)
        thread.start()
        try:
            if not settings.workers:
                return _wait()
            supervisor = Supervisor(settings=settings, database=database, queue=queue)
            return supervisor.run([WORKER] * settings.workers)
        finally:
            stops.set()
            node.stop()
            thread.join()
            safety.note(Action.SERVICE_STOPPED, detail="dicom node")


def _work(node: DicomNode, stops: threading.Event) -> None:
    while not stops.wait(LOOK_S):
        try:
            node.work()
        except (OSError, SQLAlchemyError):  # the disk or the database: tried again
            continue


def _wait() -> int:
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    over.wait()
    return 0
