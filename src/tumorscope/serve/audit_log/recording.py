"""A request and what it did -> a record of the audit log, on disk before the answer."""

from __future__ import annotations

from fastapi import Request

from tumorscope.serve.audit_log.actions import Action, Outcome
from tumorscope.serve.audit_log.entry import Entry
from tumorscope.serve.audit_log.log import AuditLog
from tumorscope.serve.security.access import Principal

__all__ = ["Action", "Outcome", "record"]

NOBODY = "nobody"


def record(
    request: Request,
    action: Action,
    *,
    study_id: str | None = None,
    patient_key: str | None = None,
    outcome: Outcome = "success",
    detail: str | None = None,
) -> None:
    """Write what a request did; when this returns it is on disk.

    It blocks: call it from a plain route, or through `run_in_threadpool`. Where it
    raises, nothing may be shown or changed.

    Args:
        request: The request; its principal is who.
        action: What.
        study_id: The service's own id of a study.
        patient_key: Whatever names the patient; only its keyed hash is written.
        outcome: How it ended.
        detail: A word of the program's own; never text that came from outside.

    Raises:
        OSError, sqlalchemy.exc.SQLAlchemyError: If it cannot be written.
    """
    principal: Principal | None = getattr(request.state, "principal", None)
    log: AuditLog = request.app.state.audit_log
    log.append(
        Entry(
            action=action,
            outcome=outcome,
            account_id=NOBODY if principal is None else principal.account_id,
            via=None if principal is None else principal.via,
            address=None if request.client is None else request.client.host,
            study_id=study_id,
            patient=log.patient_hash(patient_key),
            detail=detail,
        )
    )
