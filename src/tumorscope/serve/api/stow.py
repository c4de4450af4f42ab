"""STOW-RS: scanners and archives send DICOM files to the service."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tumorscope.serve.api.documented import Answers, refusals
from tumorscope.serve.api.receiving import COUNTED_HERE, blocks
from tumorscope.serve.problems import NotAcceptableError, ProblemError
from tumorscope.serve.related_parts import RelatedParts, boundary_of
from tumorscope.serve.safety import Safety
from tumorscope.serve.services import Served, Services, Submits
from tumorscope.serve.storage import new_id
from tumorscope.serve.stow import STOW, StowInbox, store_answer

router = APIRouter(prefix="/dicom-web", tags=["DICOMweb"])
ANSWER = "application/dicom+json"
StudyUid = Annotated[str, InPath(max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*$")]
ContentType = Annotated[str, Header(max_length=400)]
Accept = Annotated[str, Header(max_length=400)]
_FREELY = (ANSWER, "application/json", "application/*", "*/*")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/related": {"schema": {"type": "string", "format": "binary"}}
        },
    }
}


def _answers() -> Answers:
    words = {
        200: "Every file is kept",
        202: "Some files are kept; the others are named with a reason",
        409: "No file is kept; each is named with a reason",
    }
    stored: Answers = {
        status: {
            "description": text,
            "content": {ANSWER: {"schema": {"type": "object"}}},
        }
        for status, text in words.items()
    }
    return refusals(406, 408, 415, 507) | stored


@router.post(
    "/studies",
    max_body_size=COUNTED_HERE,
    responses=_answers(),
    response_class=JSONResponse,
    openapi_extra=_BODY,
)
async def store(
    *,
    request: Request,
    services: Served,
    principal: Submits,
    content_type: ContentType = "",
    accept: Accept = ANSWER,
) -> JSONResponse:
    """Take DICOM files of any study; each study is screened when no more come of it."""
    return await _store(request, services, principal.account_id, (content_type, accept))


@router.post(
    "/studies/{study_uid}",
    max_body_size=COUNTED_HERE,
    responses=_answers(),
    response_class=JSONResponse,
    openapi_extra=_BODY,
)
async def store_into_study(
    *,
    request: Request,
    services: Served,
    principal: Submits,
    study_uid: StudyUid,
    content_type: ContentType = "",
    accept: Accept = ANSWER,
) -> JSONResponse:
    """Take DICOM files of one study; files of another one are not kept."""
    return await _store(
        request,
        services,
        principal.account_id,
        (content_type, accept),
        study_uid=study_uid,
    )


async def _store(
    request: Request,
    services: Services,
    account_id: str,
    headers: tuple[str, str],
    *,
    study_uid: str | None = None,
) -> JSONResponse:
    content_type, accept = headers
    if not any(kind in accept for kind in _FREELY):
        raise NotAcceptableError(f"The answer is {ANSWER}.")
    boundary = boundary_of(content_type)
    safety: Safety = request.app.state.safety
    inbox: StowInbox = request.app.state.stow_inbox
    folder = services.storage.data / STOW / f".{new_id()}"
    await run_in_threadpool(folder.mkdir, parents=True, mode=0o700)
    try:
        files = await _receive(request, boundary, folder, services)

        def keep() -> tuple[int, dict[str, object]]:
            safety.quotas.take_bytes(sum(path.stat().st_size for path in files))
            kept = inbox.keep(files, account_id=account_id, study_uid=study_uid)
            return store_answer(kept)

        status, body = await run_in_threadpool(keep)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
    return JSONResponse(body, status_code=status, media_type=ANSWER)


async def _receive(
    request: Request, boundary: bytes, folder: Path, services: Services
) -> list[Path]:
    limits = services.settings.uploads
    parts = RelatedParts(boundary, folder, limits)
    try:
        async for block in blocks(request, limits):
            await run_in_threadpool(parts.feed, block)
        return parts.finish()
    except ClientDisconnect as error:
        raise ProblemError("The sender went away before all was there.") from error
    finally:
        await run_in_threadpool(parts.close)
