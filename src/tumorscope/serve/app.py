"""The app: routes, refusals, log and safety, put together from settings."""

from __future__ import annotations

import threading
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.serve import health, page_files
from tumorscope.serve.api import (
    accounts,
    audit_log,
    export,
    jobs,
    models,
    oidc_sign_in,
    patients,
    reading,
    session,
    stow,
    studies,
    uploads,
)
from tumorscope.serve.database.engine import Database
from tumorscope.serve.metrics import RequestMetrics
from tumorscope.serve.models import read_models
from tumorscope.serve.problems import install_problems
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.request_log import RequestLog
from tumorscope.serve.result_files import ResultFiles
from tumorscope.serve.safety import install_safety, make_safety
from tumorscope.serve.services import Services
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage
from tumorscope.serve.stow import StowInbox
from tumorscope.workflows.received_files import ReceivedFiles

PREFIX = "/api/v1"
SMALL_BODY = 2**20
"""Bytes of a request that is no upload of a file."""


def create_app(settings: ServiceSettings) -> FastAPI:
    """Make the app for one process; the database has the newest layout.

    Args:
        settings: Of the service.

    Raises:
        BundleError: If a bundle cannot be used.
        ConfigError: If a key is missing or weak.
    """
    app = FastAPI(
        title="Tumorscope",
        version=version("tumorscope"),
        description=f"Screening of head MRI. {RESEARCH_USE}",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        max_body_size=SMALL_BODY,
    )
    database = Database(settings.url_of_database)
    storage = Storage(settings.data)
    app.state.services = Services(
        settings=settings,
        database=database,
        queue=JobQueue(database, settings.queue),
        storage=storage,
        results=ResultFiles(storage),
        models=read_models(settings),
    )
    app.state.stow_inbox = StowInbox(
        storage=storage, quiet_s=settings.uploads.quiet_s, received=ReceivedFiles()
    )
    app.state.draining = threading.Event()
    app.state.request_metrics = RequestMetrics()
    install_problems(app)
    app.include_router(_api())
    app.include_router(health.router)
    app.include_router(page_files.router)
    app.add_middleware(RequestLog, metrics=app.state.request_metrics)
    install_safety(app, make_safety(database, settings))
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=PREFIX)
    parts = (
        session,
        oidc_sign_in,
        accounts,
        audit_log,
        patients,
        uploads,
        stow,
        studies,
        export,
        reading,
        jobs,
    )
    for part in (*parts, models):
        api.include_router(part.router)
    return api
