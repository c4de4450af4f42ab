"""What the routes work with, put together once for each process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tumorscope.serve.database.engine import Database
from tumorscope.serve.models import ModelRegistry
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.result_files import ResultFiles
from tumorscope.serve.security.access import Principal, Scope, require
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the routes work with.

    Attributes:
        settings: Of the service.
        database: Its database.
        queue: Jobs in it.
        storage: Its files.
        results: Screenings that were read from there.
        models: Its models.
    """

    settings: ServiceSettings
    database: Database
    queue: JobQueue
    storage: Storage
    results: ResultFiles
    models: ModelRegistry


def services_of(request: Request) -> Services:
    """Return what the app was made with."""
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(services_of)]
Reads = Annotated[Principal, Depends(require(Scope.READ))]
Submits = Annotated[Principal, Depends(require(Scope.SUBMIT))]
Reviews = Annotated[Principal, Depends(require(Scope.REVIEW))]
Administers = Annotated[Principal, Depends(require(Scope.ADMIN))]
