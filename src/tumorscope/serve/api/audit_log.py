"""The audit log, for admins; looking at it is recorded too."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.audit_log.checkpoints import public_key, read_checkpoints
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.audit_log.verification import verify
from tumorscope.serve.safety import Safety, checkpoint_file
from tumorscope.serve.security.access import Principal, Scope, require
from tumorscope.serve.wire.people import AuditPage, AuditRecordView, AuditState

router = APIRouter(tags=["audit log"])
Admin = Annotated[Principal, Depends(require(Scope.ADMIN))]
_HIGHEST = 2**63 - 1


@router.get("/audit-log", responses=refusals())
def read_audit_log(
    request: Request,
    _principal: Admin,
    above: Annotated[int, Query(ge=0, le=_HIGHEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AuditPage:
    """Return records whose number is above another."""
    safety: Safety = request.app.state.safety
    record(request, Action.AUDIT_LOG_READ)
    found = list(islice(safety.audit_log.read(above=above), limit))
    items = [
        AuditRecordView(number=one.number, record=json.loads(one.body), seal=one.seal)
        for one in found
    ]
    more = len(items) == limit
    return AuditPage(items=items, next_above=items[-1].number if more else None)


@router.get("/audit-log/state", responses=refusals())
def check_audit_log(request: Request, _principal: Admin) -> AuditState:
    """Read the whole log again and compare it with the checkpoints of this machine."""
    safety: Safety = request.app.state.safety
    record(request, Action.AUDIT_LOG_READ, detail="verified")
    file = checkpoint_file(safety.settings)
    found = verify(
        safety.audit_log.read(),
        safety.keys.chain,
        checkpoints=read_checkpoints(file) if file.exists() else (),
        public=public_key(safety.keys.checkpoint),
    )
    return AuditState(
        intact=found.first_bad is None,
        records=found.n_records,
        checkpoints=found.n_checkpoints,
        covered=found.covered,
        first_bad=found.first_bad,
        words=found.as_text(),
    )
