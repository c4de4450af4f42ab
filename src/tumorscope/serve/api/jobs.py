"""Jobs: where they stand, and canceling them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection, select

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.database.tables import JOBS
from tumorscope.serve.problems import ConflictError, NotFoundError
from tumorscope.serve.security.access import Principal
from tumorscope.serve.services import Reads, Served, Submits
from tumorscope.serve.storage import is_id
from tumorscope.serve.study_views import find_study, view_job
from tumorscope.serve.wire.uploads import JobView

router = APIRouter(prefix="/jobs", tags=["jobs"])
JobId = Annotated[str, Path(max_length=36)]


@router.get("/{job_id}", responses=refusals(404))
def read_job(services: Served, principal: Reads, job_id: JobId) -> JobView:
    """Return where a job stands."""
    with services.database.read() as connection:
        return view_job(_find(connection, principal, job_id))


@router.post("/{job_id}/cancel", status_code=202, responses=refusals(404, 409))
def cancel_job(
    request: Request, services: Served, principal: Submits, job_id: JobId
) -> JobView:
    """Cancel a job: at once while it waits, else within seconds."""
    with services.database.write() as connection:
        row = _find(connection, principal, job_id)
        if not services.queue.cancel(connection, job_id):
            raise ConflictError("This job is at its end.")
        view = view_job(_find(connection, principal, job_id))
    record(request, Action.JOB_CANCELED, study_id=row.study_id)
    return view


def _find(connection: Connection, principal: Principal, job_id: str) -> Any:
    row = None
    if is_id(job_id):
        query = select(JOBS).where(JOBS.c.id == job_id, JOBS.c.kind == "screen")
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError("There is no such job, or it is not yours to see.")
    find_study(connection, principal, row.study_id)
    return row
