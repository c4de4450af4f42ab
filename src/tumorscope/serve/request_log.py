"""One log line and one figure for each request: routes, never addresses or names."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tumorscope.serve.metrics import RequestMetrics

_LOG = logging.getLogger("tumorscope.requests")
_QUIET = ("/health/live", "/health/ready", "/metrics")
UNKNOWN = "unknown"


class RequestLog:
    """ASGI middleware around the routes."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        """Wrap an app.

        Args:
            app: What answers.
            metrics: Where it is counted.
        """
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_look)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNKNOWN)
        self._metrics.note(scope["method"], route, status, seconds)
        if route in _QUIET and status < 400:
            return
        principal = scope.get("state", {}).get("principal")
        _LOG.info(
            "request",
            extra={
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "account": getattr(principal, "account_id", None),
            },
        )
