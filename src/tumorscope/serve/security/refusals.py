"""Why a request is not served; `serve.problems` turns each into RFC 9457's JSON."""

from __future__ import annotations

from typing import ClassVar

from tumorscope.domain.errors import TumorscopeError


class RefusedError(TumorscopeError):
    """A request that is refused before it reaches any study.

    Attributes:
        status: HTTP status.
        code: Stable word for programs.
        title: The same for people.
        headers: What the answer carries besides.
    """

    status: ClassVar[int] = 403
    code: ClassVar[str] = "forbidden"
    title: ClassVar[str] = "Not allowed"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class UnauthenticatedError(RefusedError):
    """Nobody is signed in, or what was shown is not valid."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"

    def __init__(self, detail: str = "Sign in, or send a valid token.") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="api"'})


class ForbiddenError(RefusedError):
    """Known, and not allowed."""


class CsrfError(RefusedError):
    """A change asked with a cookie, without the page's token."""

    code = "csrf"
    title = "The page's token is missing or wrong"


class UnknownHostError(RefusedError):
    """A Host header that this server does not answer to."""

    status = 421
    code = "unknown_host"
    title = "This server does not answer to that name"


class TooManyAttemptsError(RefusedError):
    """Too many failed sign-ins."""

    status = 429
    code = "too_many_attempts"
    title = "Too many failed sign-ins"

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            f"Too many failed sign-ins. Try again in {wait_s} s.",
            headers={"Retry-After": str(wait_s)},
        )


class QuotaExceededError(RefusedError):
    """More uploads than the site allows."""

    status = 429
    code = "quota"
    title = "The site's quota is used up"

    def __init__(self, detail: str, wait_s: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(wait_s)})
