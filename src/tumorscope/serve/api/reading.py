"""Readings and feedback, and the tables made of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from tumorscope.serve.api.documented import Answers, refusals
from tumorscope.serve.api.studies import StudyId
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.database.clock import iso_time, wall_time
from tumorscope.serve.database.tables import FEEDBACK, READINGS, STUDIES
from tumorscope.serve.problems import ConflictError
from tumorscope.serve.reader_tables import (
    CORRECTION_COLUMNS,
    READER_COLUMNS,
    as_csv,
    correction_rows,
)
from tumorscope.serve.services import Administers, Reviews, Served
from tumorscope.serve.storage import new_id
from tumorscope.serve.study_views import (
    WITH_RESULT,
    find_study,
    is_withheld,
    view_feedback,
    view_study,
)
from tumorscope.serve.wire.studies import (
    Agreement,
    FeedbackView,
    NewFeedback,
    NewReading,
    Opinion,
    StudyView,
)

router = APIRouter(tags=["readings"])
_SAYS_TUMOR = {
    ("suspected", "above threshold"): True,
    ("none_seen", "not above"): True,
    ("suspected", "not above"): False,
    ("none_seen", "above threshold"): False,
}
_CSV: Answers = {200: {"content": {"text/csv": {}}, "description": "A table."}}


@router.post("/studies/{study_id}/reading", responses=refusals(404, 409))
def record_reading(
    *,
    request: Request,
    services: Served,
    principal: Reviews,
    study_id: StudyId,
    given: NewReading,
) -> StudyView:
    """Record one's own opinion, once, and return the study with its result."""
    with services.database.write() as connection:
        row = find_study(connection, principal, study_id)
        if row.state not in WITH_RESULT:
            raise ConflictError("This study has no result yet.")
        if row.reading_opinion is not None:
            raise ConflictError("Your reading is recorded; it is not changed later.")
        connection.execute(
            READINGS.insert().values(
                id=new_id(),
                study_id=study_id,
                account_id=principal.account_id,
                opinion=given.opinion,
                seconds_open=given.seconds_open,
                agreement=compare(given.opinion, row.decision),
                decision=row.decision,
                tumor_probability=row.highest_tumor_probability,
                model_id=row.model_id,
                reader_first=services.settings.reader_first,
                created=wall_time(),
            )
        )
        row = find_study(connection, principal, study_id)
        view = view_study(services, principal, connection, row)
    for action in (Action.READING_RECORDED, Action.RESULT_REVEALED):
        record(request, action, study_id=study_id, patient_key=row.patient_key)
    return view


@router.post(
    "/studies/{study_id}/feedback", status_code=201, responses=refusals(404, 409)
)
def give_feedback(
    *,
    request: Request,
    services: Served,
    principal: Reviews,
    study_id: StudyId,
    given: NewFeedback,
) -> FeedbackView:
    """Record what a reader says of a result."""
    values = {
        "id": new_id(),
        "study_id": study_id,
        "account_id": principal.account_id,
        "kind": given.kind,
        "comment": given.comment or "",
        "marks": [one.model_dump() for one in given.marks],
        "created": wall_time(),
    }
    with services.database.write() as connection:
        row = find_study(connection, principal, study_id)
        if row.state not in WITH_RESULT or is_withheld(services, principal, row):
            raise ConflictError("Feedback is about a result that was shown.")
        connection.execute(FEEDBACK.insert().values(values))
        made = connection.execute(
            select(FEEDBACK).where(FEEDBACK.c.id == values["id"])
        ).one()
    record(
        request,
        Action.FEEDBACK_RECORDED,
        study_id=study_id,
        patient_key=row.patient_key,
    )
    return view_feedback(made)


@router.get("/reader-study.csv", response_class=Response, responses=refusals() | _CSV)
def read_reader_study(
    request: Request, services: Served, _principal: Administers
) -> Response:
    """Return all readings as a table: opinion, decision, agreement, seconds."""
    query = select(READINGS, STUDIES.c.title).join(
        STUDIES, STUDIES.c.id == READINGS.c.study_id
    )
    with services.database.read() as connection:
        found = connection.execute(query.order_by(READINGS.c.created)).mappings().all()
    rows = [dict(one) | {"created": iso_time(one["created"])} for one in found]
    record(request, Action.STUDY_EXPORTED, detail="reader study")
    return _table(READER_COLUMNS, rows, "reader-study.csv")


@router.get("/corrections.csv", response_class=Response, responses=refusals() | _CSV)
def read_corrections(
    request: Request, services: Served, _principal: Administers
) -> Response:
    """Return feedback as a labelled table for the next round of training."""
    query = (
        select(FEEDBACK, STUDIES.c.decision, STUDIES.c.model_id)
        .join(STUDIES, STUDIES.c.id == FEEDBACK.c.study_id)
        .order_by(FEEDBACK.c.created)
    )
    with services.database.read() as connection:
        found = connection.execute(query).mappings().all()
    rows = [row for one in found for row in correction_rows(dict(one))]
    record(request, Action.STUDY_EXPORTED, detail="corrections")
    return _table(CORRECTION_COLUMNS, rows, "corrections.csv")


def compare(opinion: Opinion, decision: str | None) -> Agreement:
    """Return whether a reader and the model agree; only clear words are compared."""
    same = _SAYS_TUMOR.get((opinion, decision or ""))
    if same is None:
        return "not comparable"
    return "agree" if same else "disagree"


def _table(columns: tuple[str, ...], rows: list[dict[str, Any]], name: str) -> Response:
    return Response(
        as_csv(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
