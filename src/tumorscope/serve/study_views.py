"""Rows and result files -> what one reader may see of a study.

In reader-first mode everything that the model says is taken out here, in one place, until
the reader recorded an opinion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select
from sqlalchemy.sql import Select

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.serve.database.clock import iso_time
from tumorscope.serve.database.tables import FEEDBACK, JOBS, READINGS, STUDIES
from tumorscope.serve.model_views import summarize_model
from tumorscope.serve.problems import NotFoundError, WithheldError
from tumorscope.serve.security.access import Principal, Role
from tumorscope.serve.services import Services
from tumorscope.serve.storage import is_id
from tumorscope.serve.wire.studies import (
    ErrorView,
    FeedbackView,
    ReadingView,
    StudySummary,
    StudyView,
)
from tumorscope.serve.wire.uploads import JobProgress, JobView

AnyRow = Any
"""A row of `studies_of`: the study, and the reader's own opinion of it."""
WITH_RESULT = ("done", "not_assessed")
_GONE = "There is no such study, or it is not yours to see."
_READING = ("opinion", "seconds_open", "agreement", "created", "account_id")


def studies_of(principal: Principal) -> Select[Any]:
    """Return a query of the studies that somebody may see, each with their own reading."""
    own = and_(
        READINGS.c.study_id == STUDIES.c.id,
        READINGS.c.account_id == principal.account_id,
    )
    reading = [READINGS.c[name].label(f"reading_{name}") for name in _READING]
    query = select(STUDIES, *reading).select_from(STUDIES.outerjoin(READINGS, own))
    if not principal.sees_all:
        query = query.where(STUDIES.c.account_id == principal.account_id)
    return query


def find_study(connection: Connection, principal: Principal, study_id: str) -> AnyRow:
    """Return a study that somebody may see.

    Raises:
        NotFoundError: If there is none.
    """
    row: Row[Any] | None = None
    if is_id(study_id):
        query = studies_of(principal).where(STUDIES.c.id == study_id)
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(_GONE)
    return row


def is_withheld(services: Services, principal: Principal, row: AnyRow) -> bool:
    """Return whether a result waits for this reader's own opinion."""
    reads_first = services.settings.reader_first and principal.role != Role.SERVICE
    has_read = row.reading_opinion is not None
    return reads_first and row.state in WITH_RESULT and not has_read


def result_of(
    services: Services, principal: Principal, row: AnyRow
) -> Mapping[str, Any]:
    """Return what was found, where this reader may see it.

    Raises:
        NotFoundError: If there is no result.
        WithheldError: If it waits for the reader's own opinion.
    """
    if row.result_folder is None:
        raise NotFoundError("This study has no result.")
    if is_withheld(services, principal, row):
        raise WithheldError(
            "Record your own reading, or skip it, with POST .../reading; then the result "
            "is shown."
        )
    return services.results.read(row.id, row.result_folder)


def summarize(services: Services, principal: Principal, row: AnyRow) -> StudySummary:
    """Return a row of the work list."""
    return StudySummary.model_validate(_summary(services, principal, row))


def view_study(
    services: Services, principal: Principal, connection: Connection, row: AnyRow
) -> StudyView:
    """Return a study with all that this reader may see."""
    entry = services.models.get(row.model_id) or services.models.default
    withheld = is_withheld(services, principal, row)
    found: Mapping[str, Any] = {}
    if row.result_folder is not None:
        found = services.results.read(row.id, row.result_folder)
    return StudyView.model_validate(
        _summary(services, principal, row)
        | {
            "job": newest_job(connection, row.id),
            "input_checks": found.get("input_checks", []),
            "series": [
                _series(one, withheld=withheld) for one in found.get("series", [])
            ],
            "left_out": [
                {"label": one["label"], "reason": one["reason"]}
                for one in found.get("left_out", [])
            ],
            "notes": found.get("notes", []),
            "model": summarize_model(entry),
            "feedback": [] if withheld else feedback_of(connection, row.id),
            "dicom_results": len(found.get("dicom_results", [])),
            "notice": RESEARCH_USE,
        }
    )


def newest_job(connection: Connection, study_id: str) -> JobView | None:
    """Return the job that screens a study; None where none was asked for."""
    query = (
        select(JOBS)
        .where(JOBS.c.study_id == study_id, JOBS.c.kind == "screen")
        .order_by(JOBS.c.created.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else view_job(row)


def view_job(row: AnyRow) -> JobView:
    """Return a job as the API shows it."""
    return JobView(
        id=row.id,
        study_id=row.study_id,
        state=row.state,
        attempts=row.attempts,
        progress=JobProgress(done=row.done, total=row.total, stage=row.stage or ""),
    )


def feedback_of(connection: Connection, study_id: str) -> Sequence[FeedbackView]:
    """Return what readers said of a study, oldest first."""
    query = select(FEEDBACK).where(FEEDBACK.c.study_id == study_id)
    return [
        view_feedback(row)
        for row in connection.execute(query.order_by(FEEDBACK.c.created))
    ]


def view_feedback(row: AnyRow) -> FeedbackView:
    """Return feedback as the API shows it."""
    return FeedbackView(
        id=row.id,
        kind=row.kind,
        comment=row.comment or None,
        marks=row.marks,
        created=iso_time(row.created),
        account=row.account_id,
    )


def _summary(services: Services, principal: Principal, row: AnyRow) -> dict[str, Any]:
    withheld = is_withheld(services, principal, row)
    shown = row.state in WITH_RESULT and not withheld
    error = None
    if row.error_code is not None:
        error = ErrorView(code=row.error_code, detail=row.error_detail or "")
    return {
        "id": row.id,
        "title": row.title,
        "created": iso_time(row.created),
        "state": "done" if withheld else row.state,
        "model_id": row.model_id,
        "series_count": row.series_count or 0,
        "highest_tumor_probability": row.highest_tumor_probability if shown else None,
        "decision": row.decision if shown else None,
        "reading": _reading(row),
        "withheld": withheld,
        "error": error,
    }


def _reading(row: AnyRow) -> ReadingView | None:
    if row.reading_opinion is None:
        return None
    return ReadingView(
        opinion=row.reading_opinion,
        seconds_open=row.reading_seconds_open,
        agreement=row.reading_agreement,
        created=iso_time(row.reading_created),
        account=row.reading_account_id,
    )


def _series(one: Mapping[str, Any], *, withheld: bool) -> dict[str, Any]:
    scale = one["spacing_mm"] or (1.0, 1.0)
    if not withheld:
        return {**one, "spacing_mm": scale}
    blank: dict[str, Any] = {
        "tumor_probability": None,
        "interval": None,
        "decision": None,
        "reasons": [],
    }
    return {
        **one,
        "spacing_mm": scale,
        "highest": None,
        "overlay": None,
        "slice_results": [each | blank for each in one["slice_results"]],
    }
