"""Which names the server answers to, and what every answer tells a browser."""

from __future__ import annotations

import json
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tumorscope.serve.security.refusals import UnknownHostError
from tumorscope.serve.security.settings import LOOPBACK_HOSTS

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_YEAR_S = 365 * 24 * 3600
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=(), "
        "bluetooth=(), display-capture=()"
    ),
}
_DATA = ("/api/", "/metrics", "/health/", "/dicom-web/")


class BrowserHeaders:
    """ASGI middleware, outermost: refuses foreign hosts, adds headers to all answers."""

    def __init__(
        self, app: ASGIApp, *, allowed_hosts: Iterable[str], behind_tls: bool
    ) -> None:
        """Wrap an app.

        Args:
            app: What answers.
            allowed_hosts: Names beside those of the loopback interface.
            behind_tls: Whether browsers come over TLS only.
        """
        self._app = app
        self._hosts = {host.lower() for host in (*LOOPBACK_HOSTS, *allowed_hosts)}
        self._behind_tls = behind_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if self._is_known(Headers(scope=scope)):
            await self._app(scope, receive, send_with_headers)
        else:
            await _refuse(send_with_headers)

    def _is_known(self, headers: Headers) -> bool:
        given = headers.getlist("host")
        return len(given) == 1 and _without_port(given[0]) in self._hosts

    def _add(self, headers: MutableHeaders, path: str) -> None:
        is_data = path.startswith(_DATA)
        for name, value in _ALWAYS.items():
            headers[name] = value
        headers["Content-Security-Policy"] = DATA_POLICY if is_data else PAGE_POLICY
        if is_data and "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"
        if self._behind_tls:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"


def _without_port(host: str) -> str:
    name, colon, port = host.strip().lower().rpartition(":")
    if colon and port.isdigit():
        return name
    return host.strip().lower()


async def _refuse(send: Send) -> None:
    refusal = UnknownHostError(
        "The Host header names none of this server's names; the operator adds names with "
        "--allowed-host."
    )
    body = json.dumps(
        {
            "type": "about:blank",
            "title": refusal.title,
            "status": refusal.status,
            "detail": refusal.detail,
            "code": refusal.code,
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send(
        {"type": "http.response.start", "status": refusal.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})
