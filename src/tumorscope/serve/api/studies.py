"""The work list, a study, and its pixels."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import and_, or_

from tumorscope.serve.api.documented import Answers, refusals
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.database.tables import STUDIES
from tumorscope.serve.problems import InvalidError, NotFoundError
from tumorscope.serve.removal import remove_study
from tumorscope.serve.services import Administers, Reads, Served, Services
from tumorscope.serve.storage import is_id
from tumorscope.serve.study_views import (
    WITH_RESULT,
    find_study,
    is_withheld,
    result_of,
    studies_of,
    summarize,
    view_study,
)
from tumorscope.serve.wire.studies import StudyPage, StudyQuery, StudyView

router = APIRouter(prefix="/studies", tags=["studies"])
StudyId = Annotated[str, Path(max_length=36)]
Number = Annotated[int, Path(ge=0, le=100_000)]
Channel = Annotated[int, Query(ge=0, le=2)]
_ARRAY: Answers = {
    200: {"content": {"application/octet-stream": {}}, "description": "An array."}
}


@router.get("", responses=refusals())
def list_studies(
    *,
    request: Request,
    services: Served,
    principal: Reads,
    wanted: Annotated[StudyQuery, Query()],
) -> StudyPage:
    """Return the newest studies first."""
    query = studies_of(principal).where(*_conditions(services, wanted))
    query = query.order_by(STUDIES.c.created.desc(), STUDIES.c.id.desc())
    with services.database.read() as connection:
        rows = connection.execute(query.limit(wanted.limit + 1)).all()
    record(request, Action.STUDIES_LISTED)
    shown = rows[: wanted.limit]
    return StudyPage(
        items=[summarize(services, principal, row) for row in shown],
        next_cursor=_cursor(shown[-1]) if len(rows) > wanted.limit else None,
    )


@router.get("/{study_id}", responses=refusals(404))
def read_study(
    request: Request, services: Served, principal: Reads, study_id: StudyId
) -> StudyView:
    """Return a study with all that one may see of it now."""
    with services.database.read() as connection:
        row = find_study(connection, principal, study_id)
        view = view_study(services, principal, connection, row)
    _record(request, Action.STUDY_READ, row)
    return view


@router.delete("/{study_id}", status_code=204, responses=refusals(404))
def delete_study(
    request: Request, services: Served, principal: Administers, study_id: StudyId
) -> None:
    """Remove a study with everything that was made of it."""
    with services.database.read() as connection:
        row = find_study(connection, principal, study_id)
    _record(request, Action.STUDY_DELETED, row)
    remove_study(services.database, services.storage, study_id)
    services.results.forget(study_id)


@router.get(
    "/{study_id}/series/{number}/pixels",
    response_class=Response,
    responses=refusals(404) | _ARRAY,
)
def read_pixels(
    *,
    request: Request,
    services: Served,
    principal: Reads,
    study_id: StudyId,
    number: Number,
    channel: Channel = 0,
) -> Response:
    """Return int16, little endian, gzip: slices, rows, columns in display order."""
    with services.database.read() as connection:
        row = find_study(connection, principal, study_id)
    if row.result_folder is None:
        raise NotFoundError("This study has no images yet.")
    _record(request, Action.STUDY_READ, row)
    return _array(services, row, f"series/{number}/pixels-{channel}.gz")


@router.get(
    "/{study_id}/series/{number}/relevance",
    response_class=Response,
    responses=refusals(404) | _ARRAY,
)
def read_relevance(
    *,
    request: Request,
    services: Served,
    principal: Reads,
    study_id: StudyId,
    number: Number,
) -> Response:
    """Return uint8, gzip, of the shape of the pixels; 404 while it is withheld."""
    with services.database.read() as connection:
        row = find_study(connection, principal, study_id)
    if row.result_folder is None or is_withheld(services, principal, row):
        raise NotFoundError("There is no map to show.")
    result_of(services, principal, row)
    _record(request, Action.STUDY_READ, row)
    return _array(services, row, f"series/{number}/relevance.gz")


def _conditions(services: Services, wanted: StudyQuery) -> Iterator[Any]:
    if wanted.state is not None:
        # While results are withheld, which of the two it is would tell of them.
        hides = services.settings.reader_first and wanted.state in WITH_RESULT
        states = WITH_RESULT if hides else (wanted.state,)
        yield STUDIES.c.state.in_(states)
    if wanted.q:
        like = f"%{_escape(wanted.q)}%"
        yield or_(
            STUDIES.c.title.ilike(like, escape="\\"),
            STUDIES.c.patient_key.ilike(like, escape="\\"),
            STUDIES.c.id == wanted.q.replace("\0", ""),
        )
    if wanted.cursor is not None:
        created, study_id = _read_cursor(wanted.cursor)
        yield or_(
            STUDIES.c.created < created,
            and_(STUDIES.c.created == created, STUDIES.c.id < study_id),
        )


def _array(services: Services, row: Any, name: str) -> FileResponse:
    return FileResponse(
        services.results.file(row.id, row.result_folder, name),
        media_type="application/octet-stream",
        headers={"Content-Encoding": "gzip", "Cache-Control": "private, no-store"},
    )


def _record(request: Request, action: Action, row: Any) -> None:
    record(request, action, study_id=row.id, patient_key=row.patient_key)


def _escape(text: str) -> str:
    """Return a text in which no character has a meaning for LIKE."""
    for one in ("\\", "%", "_"):
        text = text.replace(one, f"\\{one}")
    return text.replace("\0", "")


def _cursor(row: Any) -> str:
    text = f"{row.created!r}|{row.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        created, _, study_id = text.partition("|")
        found = float(created)
    except (ValueError, binascii.Error):
        found, study_id = 0.0, ""
    if not is_id(study_id):
        raise InvalidError("cursor: take it from next_cursor as it is.")
    return found, study_id
