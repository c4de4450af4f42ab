"""How the service starts a process of its own: settings by standard input, not in sight."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from tumorscope.domain.spec import Spec
from tumorscope.serve.security.secret_keys import KEY_FILE_VARIABLE, KEY_VARIABLE
from tumorscope.serve.settings import ServiceSettings

SECRETS = (KEY_VARIABLE, KEY_FILE_VARIABLE, "TUMORSCOPE_DATABASE_URL")
"""Variables of the environment; a child is told the database with its orders."""


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
    knows_keys: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `python -m module`.

    Args:
        module: To run.
        orders: Its settings.
        arguments: Of the command line; nothing secret.
        pass_fds: File descriptors that it inherits.
        knows_keys: Whether it may see the service's key in its environment; what reads
            foreign files, and the children of that, may not.
        threads: Threads of numeric libraries; 0 leaves it to them.

    Returns:
        The process, whose orders were written.
    """
    hidden = () if knows_keys else SECRETS
    environment = {name: one for name, one in os.environ.items() if name not in hidden}
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
