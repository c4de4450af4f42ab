"""The process tree of a service: one parent that starts and restarts all others.

The parent opens the port and hands it to the process that answers, so that requests wait
while that one is replaced.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import SQLAlchemyError

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.child_process import ChildOrders, start_child
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.demo_studies import hand_in_demo
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.housekeeping import Housekeeping
from tumorscope.serve.logs import install_logs
from tumorscope.serve.models import read_models
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.safety import Safety, make_safety
from tumorscope.serve.security.access import LOCAL
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage
from tumorscope.serve.stow import StowStudies
from tumorscope.serve.worker.exit_status import blames_content
from tumorscope.workflows.send_results import check_pacs

API = "tumorscope.serve.http_process"
WORKER = "tumorscope.serve.worker"
LOOK_S = 0.1
STALL_S = 5.0
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 30.0
_GRACE_S = 5.0
_BACKLOG = 1024
_LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Child:
    """A place in the tree, and the process that holds it now."""

    module: str
    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause_s: float = 0.0
    starts_at: float = 0.0
    failures: int = 0


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Keeps the processes of a service running.

    Attributes:
        settings: Of the service.
        database: Of the service.
        queue: Over it.
        listener: Open socket for the process that answers; None without one.
    """

    settings: ServiceSettings
    database: Database
    queue: JobQueue
    listener: socket.socket | None = None
    _children: list[_Child] = field(default_factory=list)
    _stops: bool = False
    _looked_at: float = 0.0

    def run(self, modules: Sequence[str]) -> int:
        """Run until a signal asks to stop.

        Args:
            modules: What to run, one entry for each process.

        Returns:
            Exit status: 0 where everything ended in time.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._children = [_Child(module=one) for one in modules]
        while not self._stops:
            for child in self._children:
                self._look_after(child)
            self._end_stalled()
            time.sleep(LOOK_S)
        return self._drain()

    def _ask_to_stop(self, *_signal: object) -> None:
        self._stops = True

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.starts_at:
                self._start(child)
            return
        status = child.process.poll()
        if status is not None:
            self._bury(child, status, now)

    def _start(self, child: _Child) -> None:
        child.name = f"{child.module.rpartition('.')[2]}-{secrets.token_hex(4)}"
        orders = ChildOrders(name=child.name, settings=self.settings)
        is_worker = child.module == WORKER
        handles = [] if is_worker or self.listener is None else [self.listener.fileno()]
        child.process = start_child(
            child.module,
            orders,
            arguments=[str(one) for one in handles],
            pass_fds=handles,
            threads=self._threads() if is_worker else 0,
            knows_keys=not is_worker,
        )
        child.began = time.monotonic()
        _LOG.info(
            "process started", extra={"worker": child.name, "pid": child.process.pid}
        )

    def _threads(self) -> int:
        return max(1, (os.cpu_count() or 1) // max(1, self.settings.workers))

    def _bury(self, child: _Child, status: int, now: float) -> None:
        """Give a dead worker's job back at once, and start another soon."""
        child.process = None
        is_ours = status != -signal.SIGKILL and now - child.began < _LONGEST_PAUSE_S
        child.failures = child.failures + 1 if is_ours else 0
        pause_s = min(_SHORTEST_PAUSE_S * 2**child.failures, _LONGEST_PAUSE_S)
        child.starts_at = now + (0.0 if status == 0 else pause_s)
        level = logging.INFO if status == 0 else logging.WARNING
        _LOG.log(level, "process ended", extra={"worker": child.name, "status": status})
        if child.module == WORKER and status != 0:
            try:
                self.queue.bury(child.name, crashed=blames_content(status))
            except SQLAlchemyError:
                _LOG.warning("not buried: the lease will run out")

    def _end_stalled(self) -> None:
        """Kill workers that no longer extend their lease: they hang."""
        now = time.monotonic()
        if now - self._looked_at < STALL_S:
            return
        self._looked_at = now
        try:
            stalled = set(self.queue.stalled_workers())
        except SQLAlchemyError:
            return
        for child in self._children:
            if child.name in stalled and child.process is not None:
                child.process.kill()

    def _drain(self) -> int:
        """Ask all to stop, and wait for as long as a job may take."""
        _LOG.info("stopping")
        running = [one.process for one in self._children if one.process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        ends = time.monotonic() + self.settings.queue.drain_s + _GRACE_S
        for process in running:
            try:
                process.wait(timeout=max(ends - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for child in self._children:
            if child.module == WORKER:
                self.queue.bury(child.name, crashed=False)
        return 0


def launch(
    settings: ServiceSettings, *, say: Callable[[str], None] = lambda _: None
) -> int:
    """Bring the database up to date, then run the service until a signal ends it.

    Args:
        settings: Of the service.
        say: Told the address, and what was done to the database.

    Returns:
        Exit status.

    Raises:
        TumorscopeError: If the settings, a bundle, the database or the port cannot be
            used.
    """
    install_logs()
    if settings.stow_url is not None:
        check_pacs(settings.stow_url)
    models = read_models(settings)
    os.umask(0o077)
    storage = Storage(settings.data)
    database = Database(settings.url_of_database)
    say(migrate(database).as_words())
    safety = make_safety(database, settings)
    _refuse_nobody(safety)
    listener = open_port(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    safety.note(Action.SERVICE_STARTED)
    stops = threading.Event()
    say(f"Tumorscope listens on {address_of(settings)}")
    queue = JobQueue(database, settings.queue)
    intake = Intake(
        database=database,
        storage=storage,
        queue=queue,
        model_id=models.default.id,
        account_id=LOCAL.account_id,
        keeps_identity=True,
    )
    if settings.demo is not None:  # nobody is behind a phantom
        hand_in_demo(settings.demo, intake)
    _start_chores(intake, safety, stops)
    supervisor = Supervisor(
        settings=settings, listener=listener, database=database, queue=queue
    )
    try:
        return supervisor.run([API, *[WORKER] * settings.workers])
    finally:
        stops.set()
        safety.note(Action.SERVICE_STOPPED)
        safety.seal()
        listener.close()


def _start_chores(intake: Intake, safety: Safety, stops: threading.Event) -> None:
    """Clear away and hand in what arrived, beside all else, until asked to stop."""
    housekeeping = Housekeeping(
        database=intake.database, storage=intake.storage, safety=safety
    )
    arrived = StowStudies(
        intake=replace(intake, keeps_identity=False),
        safety=safety,
        quiet_s=safety.settings.uploads.quiet_s,
    )
    for chore in (housekeeping.run, arrived.run):
        threading.Thread(target=chore, args=(stops,), daemon=True).start()


def _refuse_nobody(safety: Safety) -> None:
    """Raise where nobody could ever sign in.

    Raises:
        ConfigError: If accounts are asked for and there is no admin.
    """
    if safety.settings.auth == "accounts" and not safety.accounts.any_admin():
        raise ConfigError(
            "no account can manage the service yet: tumorscope accounts add NAME "
            f"--role admin --data {safety.settings.data}"
        )


def open_port(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: If the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"--host {host} --port {port}: {error.strerror}; choose another port, or 0 "
            "for a free one"
        ) from error
    listener.listen(_BACKLOG)
    listener.set_inheritable(True)
    return listener


def address_of(settings: ServiceSettings) -> str:
    """Return where the page is."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/"
