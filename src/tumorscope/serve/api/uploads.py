"""Uploads: opened, filled file by file, completed into a study."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from starlette.concurrency import run_in_threadpool

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.api.receiving import COUNTED_HERE, ReceivedContent, receive_body
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.database.clock import iso_time, wall_time
from tumorscope.serve.database.tables import JOBS, STUDIES, UPLOAD_FILES, UPLOADS
from tumorscope.serve.problems import (
    ConflictError,
    EmptyUploadError,
    InvalidError,
    NotFoundError,
    QuarantinedError,
    QueueFullError,
    TooLargeError,
)
from tumorscope.serve.queue.job import NewJob
from tumorscope.serve.queue.leases import FullError
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.access import Principal
from tumorscope.serve.services import Served, Services, Submits
from tumorscope.serve.settings import UploadLimits
from tumorscope.serve.storage import is_id, new_id, stored_name
from tumorscope.serve.wire.uploads import (
    Accepted,
    Completion,
    NewUpload,
    Received,
    ReceivedFile,
    UploadView,
)

router = APIRouter(prefix="/uploads", tags=["uploads"])
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
UploadId = Annotated[str, Path(max_length=36)]
Number = Annotated[int, Path(ge=0, le=99_999)]
ClientName = Annotated[str, Query(max_length=500)]
_GONE = "There is no such upload, or it is not yours."


@router.post("", status_code=201, responses=refusals())
def open_upload(
    services: Served,
    principal: Submits,
    given: NewUpload,
    idempotency_key: Key = None,
) -> UploadView:
    """Open an upload; a repeat with the same `Idempotency-Key` answers the same one."""
    now = wall_time()
    upload_id = new_id()
    values = {
        "id": upload_id,
        "account_id": principal.account_id,
        "idempotency_key": idempotency_key,
        "title": given.name,
        "state": "open",
        "created": now,
        "expires": now + services.settings.uploads.open_hours * 3600,
    }
    with services.database.write() as connection:
        make = sqlite.insert if services.database.is_sqlite else postgresql.insert
        connection.execute(make(UPLOADS).values(values).on_conflict_do_nothing())
        query = select(UPLOADS).where(UPLOADS.c.account_id == principal.account_id)
        if idempotency_key is None:
            query = query.where(UPLOADS.c.id == upload_id)
        else:
            query = query.where(UPLOADS.c.idempotency_key == idempotency_key)
        return _view(connection, connection.execute(query).one())


@router.get("/{upload_id}", responses=refusals(404))
def read_upload(
    services: Served, principal: Submits, upload_id: UploadId
) -> UploadView:
    """Return what is there of an upload, so that it can go on."""
    with services.database.read() as connection:
        return _view(connection, _find(connection, principal, upload_id))


@router.put(
    "/{upload_id}/files/{number}",
    max_body_size=COUNTED_HERE,
    responses=refusals(404, 408, 409, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"}
                }
            },
        }
    },
)
async def put_file(
    *,
    request: Request,
    services: Served,
    principal: Submits,
    upload_id: UploadId,
    number: Number,
    name: ClientName = "",
) -> Received:
    """Take one file as it is in the body; the same number again replaces it."""
    limits = services.settings.uploads
    if number >= limits.session_files:
        raise TooLargeError(f"An upload has at most {limits.session_files} files.")

    def begin() -> None:
        with services.database.read() as connection:
            _find_open(connection, principal, upload_id)
        services.storage.source(upload_id).mkdir(
            parents=True, exist_ok=True, mode=0o700
        )

    await run_in_threadpool(begin)
    place = services.storage.source(upload_id) / stored_name(name)
    content = await receive_body(request, place, limits)
    safety: Safety = request.app.state.safety

    def keep() -> None:
        try:
            safety.quotas.take_bytes(content.size_bytes)
            _keep_file(services, principal, (upload_id, number, name), content)
        except BaseException:
            content.place.unlink(missing_ok=True)
            raise

    await run_in_threadpool(keep)
    return Received(received_bytes=content.size_bytes)


@router.post(
    "/{upload_id}/complete", status_code=202, responses=refusals(404, 409, 507)
)
def complete_upload(
    *,
    request: Request,
    response: Response,
    services: Served,
    principal: Submits,
    upload_id: UploadId,
    given: Completion,
) -> Accepted:
    """Make a study of an upload and have it screened; a repeat answers the same job."""
    model = services.models.default
    if given.model_id is not None:
        found = services.models.get(given.model_id)
        if found is None or found.is_shadow:
            raise InvalidError("model_id: GET /api/v1/models lists the models.")
        model = found
    safety: Safety = request.app.state.safety
    with services.database.read() as connection:
        row = _find(connection, principal, upload_id)
        known = _job_of(connection, upload_id)
    if known is not None:
        return Accepted(job_id=known, study_id=upload_id)
    safety.quotas.take_submission(principal.account_id)
    with services.database.write() as connection:
        row = _find(connection, principal, upload_id)
        known = _job_of(connection, upload_id)
        if known is None:
            study = _study_values(connection, services, row) | {
                "account_id": principal.account_id,
                "patient_key": given.patient_key,
                "model_id": model.id,
            }
            known = _submit(connection, services, study)
    record(
        request,
        Action.STUDY_SUBMITTED,
        study_id=upload_id,
        patient_key=given.patient_key,
    )
    response.headers["Location"] = f"/api/v1/studies/{upload_id}"
    return Accepted(job_id=known, study_id=upload_id)


@router.delete("/{upload_id}", status_code=204, responses=refusals(404, 409))
def drop_upload(services: Served, principal: Submits, upload_id: UploadId) -> None:
    """Give up an upload that is not complete."""
    with services.database.write() as connection:
        _find_open(connection, principal, upload_id)
        connection.execute(delete(UPLOADS).where(UPLOADS.c.id == upload_id))
    services.storage.remove_study(upload_id)


def _submit(connection: Connection, services: Services, study: dict[str, Any]) -> str:
    digest = study["content_digest"]
    if services.queue.is_quarantined(connection, digest):
        raise QuarantinedError(
            "Reading this content ended its process twice. It is not read again."
        )
    connection.execute(STUDIES.insert().values(study))
    job = NewJob(
        study_id=study["id"],
        idempotency_key=f"upload:{study['id']}",
        content_digest=digest,
    )
    try:
        job_id = services.queue.submit(connection, job)
    except FullError as error:
        raise QueueFullError(error.waiting) from error
    connection.execute(
        update(UPLOADS).where(UPLOADS.c.id == study["id"]).values(state="completed")
    )
    return job_id


def _study_values(
    connection: Connection, services: Services, row: Any
) -> dict[str, Any]:
    query = select(UPLOAD_FILES.c.digest).where(UPLOAD_FILES.c.upload_id == row.id)
    digests = sorted(digest for (digest,) in connection.execute(query))
    if not digests:
        raise EmptyUploadError("Send at least one file before the upload is completed.")
    if len(digests) > services.settings.uploads.session_files:
        raise TooLargeError("The upload has too many files.")
    now = wall_time()
    return {
        "id": row.id,
        "title": row.title or f"Study of {iso_time(now)[:16].replace('T', ' ')}",
        "created": now,
        "state": "queued",
        "content_digest": hashlib.sha256("".join(digests).encode()).hexdigest(),
    }


def _keep_file(
    services: Services,
    principal: Principal,
    named: tuple[str, int, str],
    content: ReceivedContent,
) -> None:
    upload_id, number, name = named
    limits: UploadLimits = services.settings.uploads
    where = (UPLOAD_FILES.c.upload_id == upload_id) & (UPLOAD_FILES.c.number == number)
    with services.database.write() as connection:
        _find_open(connection, principal, upload_id)
        stored = select(UPLOAD_FILES.c.stored_name).where(where)
        earlier = connection.execute(stored).scalar()
        connection.execute(delete(UPLOAD_FILES).where(where))
        total = connection.execute(
            select(func.coalesce(func.sum(UPLOAD_FILES.c.size_bytes), 0)).where(
                UPLOAD_FILES.c.upload_id == upload_id
            )
        ).scalar_one()
        if total + content.size_bytes > limits.session_bytes:
            raise TooLargeError(
                f"An upload has at most {limits.session_bytes // 2**20} MiB."
            )
        connection.execute(
            UPLOAD_FILES.insert().values(
                upload_id=upload_id,
                number=number,
                client_name=name or f"file-{number}",
                stored_name=content.place.name,
                size_bytes=content.size_bytes,
                digest=content.digest,
            )
        )
    if earlier is not None:
        (services.storage.source(upload_id) / earlier).unlink(missing_ok=True)


def _find(connection: Connection, principal: Principal, upload_id: str) -> Any:
    row = None
    if is_id(upload_id):
        query = select(UPLOADS).where(
            UPLOADS.c.id == upload_id, UPLOADS.c.account_id == principal.account_id
        )
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(_GONE)
    return row


def _find_open(connection: Connection, principal: Principal, upload_id: str) -> None:
    row = _find(connection, principal, upload_id)
    if row.state != "open" or row.expires < wall_time():
        raise ConflictError("This upload is complete or over; open another one.")


def _job_of(connection: Connection, upload_id: str) -> str | None:
    query = select(JOBS.c.id).where(JOBS.c.idempotency_key == f"upload:{upload_id}")
    return connection.execute(query).scalar()


def _view(connection: Connection, row: Any) -> UploadView:
    query = select(UPLOAD_FILES).where(UPLOAD_FILES.c.upload_id == row.id)
    return UploadView(
        id=row.id,
        state=row.state,
        received=[
            ReceivedFile(n=one.number, name=one.client_name, size_bytes=one.size_bytes)
            for one in connection.execute(query.order_by(UPLOAD_FILES.c.number))
        ],
        expires=iso_time(row.expires),
    )
