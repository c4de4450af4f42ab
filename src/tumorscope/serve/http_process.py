"""Run by the service: `python -m tumorscope.serve.http_process FD`, settings on stdin."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from types import FrameType

import uvicorn

from tumorscope.serve.app import create_app
from tumorscope.serve.child_process import ChildOrders
from tumorscope.serve.logs import install_logs

_LOOK_S = 1.0


class _Server(uvicorn.Server):
    """Says that it is not ready before it stops."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking work, then stop."""
        self.config.app.state.draining.set()  # type: ignore[union-attr] # our own app
        super().handle_exit(sig, frame)


def main() -> None:
    """Answer requests of a socket that the parent opened."""
    orders = ChildOrders.model_validate_json(sys.stdin.buffer.read())
    settings = orders.settings
    install_logs()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=int(settings.uploads.idle_s),
        timeout_graceful_shutdown=int(settings.queue.drain_s),
        proxy_headers=settings.security.behind_tls,
    )
    server = _Server(config)
    _stop_with_parent(server)
    server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


def _stop_with_parent(server: uvicorn.Server) -> None:
    """Stop when the parent died: nobody would start this process again."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        server.should_exit = True

    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    main()
