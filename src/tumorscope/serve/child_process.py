"""How the service starts a process of its own: settings by standard input, not in sight."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from tumorscope.domain.spec import Spec
from tumorscope.serve.settings import ServiceSettings


class ChildOrders(Spec):
    """What a child is told; it may hold a password, so no other process sees it."""

    name: str
    """By which the parent knows it."""
    settings: ServiceSettings
    """Of the service."""


def start_child(
    module: str,
    orders: ChildOrders,
    *,
    arguments: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
    threads: int = 0,
) -> subprocess.Popen[bytes]:
    """Start `python -m module`.

    Args:
        module: To run.
        orders: Its settings.
        arguments: Of the command line; nothing secret.
        pass_fds: File descriptors that it inherits.
        threads: Threads of numeric libraries; 0 leaves it to them.

    Returns:
        The process, whose orders were written.
    """
    environment = dict(os.environ)
    if threads:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    child = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        pass_fds=pass_fds,
        env=environment,
        start_new_session=True,  # Ctrl-C is the parent's matter
    )
    if child.stdin is not None:
        try:
            child.stdin.write(orders.model_dump_json().encode())
            child.stdin.close()
        except BrokenPipeError:
            child.kill()  # it died at once; whoever waits for it finds out
    return child
