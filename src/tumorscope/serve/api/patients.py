"""Erasing a patient."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from tumorscope.serve.api.documented import refusals
from tumorscope.serve.api.session import client_address
from tumorscope.serve.erasure import Eraser
from tumorscope.serve.safety import Safety
from tumorscope.serve.services import Administers, Served
from tumorscope.serve.wire.people import Erased

router = APIRouter(tags=["patients"])


@router.delete("/patients/{patient_key:path}", responses=refusals(404))
def erase_patient(
    *,
    request: Request,
    services: Served,
    patient_key: Annotated[str, Path(min_length=1, max_length=200)],
    principal: Administers,
) -> Erased:
    """Erase all data of a patient: studies, files, rows, the vault's entry.

    The answer is the same whether or not anything was there to erase.
    """
    safety: Safety = request.app.state.safety
    eraser = Eraser(
        database=services.database, storage=services.storage, log=safety.audit_log
    )
    erased = eraser.erase_patient(
        patient_key,
        account_id=principal.account_id,
        address=client_address(request),
    )
    return Erased(studies=erased.studies, vault=erased.vault)
