"""Erasing a patient."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from tumorscope.serve.api.session import client_address
from tumorscope.serve.erasure import Eraser
from tumorscope.serve.safety import Safety
from tumorscope.serve.security.access import Principal, Scope, require
from tumorscope.serve.wire.people import Erased

router = APIRouter(tags=["patients"])
Admin = Annotated[Principal, Depends(require(Scope.ADMIN))]


@router.delete("/patients/{patient_key:path}")
def erase_patient(
    request: Request,
    patient_key: Annotated[str, Path(min_length=1, max_length=200)],
    principal: Admin,
) -> Erased:
    """Erase all data of a patient: studies, files, rows, the vault's entry.

    The answer is the same whether or not anything was there to erase.
    """
    safety: Safety = request.app.state.safety
    eraser = Eraser(
        database=request.app.state.database,
        storage=request.app.state.storage,
        log=safety.audit_log,
    )
    erased = eraser.erase_patient(
        patient_key,
        account_id=principal.account_id,
        address=client_address(request),
    )
    return Erased(studies=erased.studies, vault=erased.vault)
