"""Whether the service lives, and whether work can be sent to it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.metrics import render_metrics
from tumorscope.serve.security.access import Principal, Scope, require
from tumorscope.serve.services import Served, Services

router = APIRouter(tags=["operation"])


@router.get("/health/live")
def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"state": "live"}


@router.get("/health/ready", response_class=JSONResponse)
def ready(request: Request, services: Served) -> JSONResponse:
    """Say whether database, disk and queue take work; 503 where one does not."""
    checks = check_readiness(services)
    if request.app.state.draining.is_set():
        checks["draining"] = "the service was asked to stop"
    is_ready = all(words == "ok" for words in checks.values())
    content = {"state": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(content, status_code=200 if is_ready else 503)


@router.get("/metrics", response_class=PlainTextResponse, responses=refusals())
def metrics(
    request: Request,
    services: Served,
    _principal: Annotated[Principal, Depends(require(Scope.METRICS))],
) -> PlainTextResponse:
    """Return all figures in the text format of Prometheus."""
    return PlainTextResponse(
        render_metrics(services, request.app.state.request_metrics),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )


def check_readiness(services: Services) -> dict[str, str]:
    """Return what was checked, each `ok` or what is wrong."""
    checks: dict[str, Any] = {"model": "ok", "disk": "ok"}
    try:
        with services.database.read() as connection:
            depth = services.queue.depth(connection)
        checks["database"] = "ok"
        is_full = depth.waiting >= services.settings.queue.waiting_jobs
        checks["queue"] = "full" if is_full else "ok"
    except SQLAlchemyError:
        checks["database"] = "does not answer"
    try:
        if services.storage.free_bytes() < services.settings.free_bytes:
            checks["disk"] = "almost full"
    except OSError:
        checks["disk"] = "cannot be read"
    return checks
