"""Changes that another site makes a browser ask for are refused."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import Request

from tumorscope.serve.security.refusals import CsrfError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"


def changes_something(request: Request) -> bool:
    """Return whether a request may change anything."""
    return request.method not in SAFE_METHODS


def comes_from_browser(request: Request) -> bool:
    """Return whether a browser sent it: each of them marks a change asked by a page."""
    return "origin" in request.headers or "sec-fetch-site" in request.headers


def refuse_cross_site(request: Request) -> None:
    """Raise where a page of another origin asked.

    Raises:
        CsrfError: If `Sec-Fetch-Site` or `Origin` says so.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise CsrfError("Another site's page asked for this change.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise CsrfError("Another site's page asked for this change.")


def refuse_without_token(request: Request, expected: str) -> None:
    """Raise unless the page's own token came along.

    Raises:
        CsrfError: If it is missing or wrong.
    """
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise CsrfError(
            f"Send the csrf_token of GET /api/v1/session as {CSRF_HEADER}; after a new "
            "sign-in it is another."
        )
