"""Every failure as RFC 9457's JSON: a stable code, a plain sentence, nothing of a patient."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from tumorscope.domain.errors import TumorscopeError
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.security.refusals import RefusedError

MEDIA_TYPE = "application/problem+json"
TYPE = "https://tumorscope.invalid/problems/"
"""Identifies a kind of problem; it is a name, not a page."""
RETRY_S = 10
_FULL = ("database or disk is full", "disk i/o error", "no space left", "disk full")
_LOG = logging.getLogger(__name__)
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ProblemError(TumorscopeError):
    """Something that a request cannot have.

    Attributes:
        status: HTTP status.
        code: Stable word for programs.
        title: The same for people.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be used"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        """Keep a sentence that says what to do.

        Args:
            detail: For people; holds no value of a patient.
            headers: What the answer carries besides.
        """
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class InvalidError(ProblemError):
    """A value that has the right form and cannot be used."""

    status, code, title = 422, "invalid", "A value cannot be used"


class NotFoundError(ProblemError):
    """Absent, or not visible to who asks."""

    status, code, title = 404, "not_found", "Not found"


class ConflictError(ProblemError):
    """The state of a thing does not allow it."""

    status, code, title = 409, "conflict", "Not possible in this state"


class WithheldError(ConflictError):
    """The result is shown after the reader's own opinion."""

    code, title = "withheld", "Record your own reading first"


class EmptyUploadError(ConflictError):
    """Completed without a file."""

    code, title = "empty_upload", "The upload holds no file"


class NoPacsError(ConflictError):
    """No address to send results to."""

    code, title = "no_pacs", "No PACS is configured"


class TooLargeError(ProblemError):
    """More bytes or files than an upload may have."""

    status, code, title = 413, "too_large", "Too large"


class MediaTypeError(ProblemError):
    """A body of a kind that is not taken."""

    status, code, title = 415, "media_type", "This kind of body is not taken"


class NotAcceptableError(ProblemError):
    """An answer of a kind that is not given."""

    status, code, title = 406, "not_acceptable", "This kind of answer is not given"


class IdleError(ProblemError):
    """A sender that fell silent."""

    status, code, title = 408, "idle", "Nothing came"


class QuarantinedError(ProblemError):
    """This content ended its worker before."""

    status, code, title = 422, "quarantined", "This content is in quarantine"


class PacsFailedError(ProblemError):
    """The PACS did not take the results."""

    status, code, title = 502, "pacs_failed", "The PACS refused the results"


class QueueFullError(ProblemError):
    """As much work waits as may wait."""

    status, code, title = 429, "queue_full", "Too much work is waiting"

    def __init__(self, waiting: int) -> None:
        """Say how much waits."""
        super().__init__(
            f"{waiting} studies wait. Try again in {RETRY_S} s.",
            headers={"Retry-After": str(RETRY_S)},
        )


class StorageFullError(ProblemError):
    """Nothing more can be kept."""

    status, code, title = 507, "storage_full", "The server's disk is full"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "Nothing of this request was kept. Earlier results can be read. Ask the "
            "administrator to free space, then try again."
        )


class UnavailableError(ProblemError):
    """Something that the service needs does not answer."""

    status, code, title = 503, "unavailable", "The service is not ready"

    def __init__(self, detail: str) -> None:
        """Say what is missing."""
        super().__init__(detail, headers={"Retry-After": str(RETRY_S)})


def problem_response(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an answer of RFC 9457."""
    content = {
        "type": f"{TYPE}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return JSONResponse(
        content, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def answer_problem(problem: ProblemError | RefusedError) -> JSONResponse:
    """Return the answer to a foreseen failure."""
    return problem_response(
        status=problem.status,
        code=problem.code,
        title=problem.title,
        detail=problem.detail,
        headers=problem.headers,
    )


def storage_problem(error: BaseException) -> ProblemError | None:
    """Return what a failure of disk or database comes to; None where it is neither."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return StorageFullError() if full else None
    if isinstance(error, DBAPIError):
        words = str(error.orig).lower()
        if any(one in words for one in _FULL):
            return StorageFullError()
    if isinstance(error, SQLAlchemyError):
        return UnavailableError("The database does not answer. Nothing was changed.")
    return None


def install_problems(app: FastAPI) -> None:
    """Have an app answer every failure in this form."""
    app.add_exception_handler(ProblemError, _on_foreseen)
    app.add_exception_handler(RefusedError, _on_foreseen)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(SQLAlchemyError, _on_storage)
    app.add_exception_handler(OSError, _on_storage)


async def _on_foreseen(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ProblemError | RefusedError):
        raise error
    if error.status == 403 and getattr(request.state, "principal", None) is not None:
        await run_in_threadpool(_record_refusal, request, error.code)
    return answer_problem(error)


def _record_refusal(request: Request, code: str) -> None:
    """Record that somebody who is signed in asked for what they may not have."""
    record(request, Action.ACCESS_REFUSED, outcome="refused", detail=code)


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "bad_request")
    return problem_response(
        status=error.status_code,
        code=code,
        title=str(error.detail),
        detail=str(error.detail),
        headers=error.headers,
    )


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    found = jsonable_encoder([_where(one) for one in error.errors()])
    return problem_response(
        status=422,
        code="invalid",
        title="A value cannot be used",
        detail="; ".join(found),
    )


def _where(one: Mapping[str, Any]) -> str:
    """Return which value is wrong, and never the value itself."""
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}"


async def _on_storage(_request: Request, error: Exception) -> JSONResponse:
    problem = storage_problem(error)
    if problem is None:
        _LOG.error("unforeseen", exc_info=error)
        return problem_response(
            status=500,
            code="internal",
            title="The server failed",
            detail="The failure was logged. Nothing is known to be lost.",
        )
    _LOG.warning("storage", extra={"code": problem.code})
    return answer_problem(problem)
