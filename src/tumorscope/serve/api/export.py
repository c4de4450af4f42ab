"""What leaves a study: the report, the objects for a PACS, and sending these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from tumorscope.domain.errors import TumorscopeError
from tumorscope.serve.api.documented import Answers, refusals
from tumorscope.serve.api.studies import StudyId
from tumorscope.serve.audit_log.recording import Action, record
from tumorscope.serve.problems import (
    ConflictError,
    NoPacsError,
    NotFoundError,
    PacsFailedError,
)
from tumorscope.serve.security.access import Principal
from tumorscope.serve.services import Reads, Reviews, Served, Services
from tumorscope.serve.study_views import find_study, result_of
from tumorscope.serve.wire.studies import ResultFileView, SentView
from tumorscope.workflows.send_results import send_results
from tumorscope.workflows.study_report import ReportSigned, render_study_report

router = APIRouter(prefix="/studies", tags=["export"])
Paper = Annotated[Literal["a4", "letter"], Query()]
Number = Annotated[int, Path(ge=0, le=100_000)]
_PDF: Answers = {200: {"content": {"application/pdf": {}}, "description": "One page."}}
_DICOM: Answers = {
    200: {"content": {"application/dicom": {}}, "description": "A DICOM object."}
}


@router.get(
    "/{study_id}/report.pdf",
    response_class=Response,
    responses=refusals(404, 409) | _PDF,
)
def read_report(
    *,
    request: Request,
    services: Served,
    principal: Reads,
    study_id: StudyId,
    paper: Paper = "a4",
) -> Response:
    """Return the study's report, one page, with one's own reading."""
    row, found = _find(services, principal, study_id)
    signed = ReportSigned(
        title=row.title,
        study_id=row.id,
        reading=row.reading_opinion,
        agreement=row.reading_agreement,
        who=principal.name,
    )
    folder = services.storage.results(row.id, row.result_folder)
    content = render_study_report(folder, found, signed, paper=paper)
    _record(request, Action.STUDY_EXPORTED, row)
    name = f"tumorscope-{row.id[:8]}.pdf"
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/{study_id}/results", responses=refusals(404, 409))
def list_results(
    services: Served, principal: Reads, study_id: StudyId
) -> list[ResultFileView]:
    """Return the objects for a PACS: structured report, map and pictures."""
    row, found = _find(services, principal, study_id)
    return [
        ResultFileView(
            n=number,
            href=f"/api/v1/studies/{row.id}/results/{number}.dcm",
            size_bytes=_file(services, row, name).stat().st_size,
        )
        for number, name in enumerate(found["dicom_results"])
    ]


@router.get(
    "/{study_id}/results/{number}.dcm",
    response_class=Response,
    responses=refusals(404, 409) | _DICOM,
)
def read_result(
    *,
    request: Request,
    services: Served,
    principal: Reads,
    study_id: StudyId,
    number: Number,
) -> Response:
    """Return one of them."""
    row, found = _find(services, principal, study_id)
    names = found["dicom_results"]
    if number >= len(names):
        raise NotFoundError("There is no such object.")
    _record(request, Action.STUDY_EXPORTED, row)
    return FileResponse(
        _file(services, row, names[number]),
        media_type="application/dicom",
        filename=f"tumorscope-{row.id[:8]}-{number}.dcm",
    )


@router.post("/{study_id}/pacs", responses=refusals(404, 409, 502))
def send_to_pacs(
    *, request: Request, services: Served, principal: Reviews, study_id: StudyId
) -> SentView:
    """Send the objects to the configured PACS, and to no other address."""
    url = services.settings.stow_url
    if url is None:
        raise NoPacsError("Start the service with --stow URL.")
    row, found = _find(services, principal, study_id)
    names = found["dicom_results"]
    if not names:
        raise ConflictError("This study has no DICOM results; see its notes.")
    _record(request, Action.STUDY_SENT, row)
    try:
        receipt = send_results(url, [_file(services, row, name) for name in names])
    except TumorscopeError as error:
        detail = str(error).replace(url, "the PACS")
        raise PacsFailedError(detail) from error
    return SentView(stored=len(receipt.instances), warnings=list(receipt.warnings))


def _find(services: Services, principal: Principal, study_id: str) -> tuple[Any, Any]:
    with services.database.read() as connection:
        row = find_study(connection, principal, study_id)
    return row, result_of(services, principal, row)


def _file(services: Services, row: Any, name: str) -> Any:
    return services.results.file(row.id, row.result_folder, f"dicom/{name}")


def _record(request: Request, action: Action, row: Any) -> None:
    record(request, action, study_id=row.id, patient_key=row.patient_key)
