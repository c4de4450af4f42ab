"""One job: the files of a study -> a screening folder and a row that points to it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, update

from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress
from tumorscope.domain.screening import ScreeningResult
from tumorscope.serve.database.counters import count
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import STUDIES, UPLOAD_FILES, UPLOADS
from tumorscope.serve.deidentify import deidentify_study
from tumorscope.serve.models import ModelRegistry, ServedModelEntry
from tumorscope.serve.queue.job import Claim, NewJob
from tumorscope.serve.queue.leases import FullError, JobQueue
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage, new_id
from tumorscope.serve.worker.opened_models import OpenedModels
from tumorscope.workflows.screening import screen
from tumorscope.workflows.upload_layout import safe_path

_PROBABILITY_EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a worker has at hand.

    Attributes:
        database: Of the service.
        queue: Over it.
        storage: Files of the service.
        registry: Models by their id.
        models: Models that are open.
        settings: Of the service.
    """

    database: Database
    queue: JobQueue
    storage: Storage
    registry: ModelRegistry
    models: OpenedModels
    settings: ServiceSettings


def do_job(place: Workplace, claim: Claim, progress: Progress) -> bool:
    """Screen a study, and finish its job if it is still ours.

    What is written lies in a folder of this claim alone, so that a second run of the same
    job can neither mix with it nor replace it.

    Args:
        place: What is at hand.
        claim: The job.
        progress: Told of each step; may raise to stop it.

    Returns:
        Whether the result counts.

    Raises:
        TumorscopeError: If the study cannot be screened.
    """
    began = time.monotonic()
    model = _model_of(place, claim)
    work = place.storage.study(claim.study_id) / f"work-{claim.owner}"
    name = new_id()
    out = place.storage.results(claim.study_id, name)
    counts = False
    try:
        files, left_out = _files(place, claim, work)
        served = place.models.open(model)
        result = screen(
            served,
            [files],
            out,
            facts=model.facts,
            left_out=left_out,
            progress=progress,
        )

        def record(connection: Connection) -> None:
            _count_result(connection, result, time.monotonic() - began, claim)
            if claim.kind == "screen":
                _record_screening(connection, claim, result, name)
                _submit_shadow(place, connection, claim)
            else:
                _record_shadow(connection, claim, result, model)

        counts = place.queue.finish(claim, record=record)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if not counts or claim.kind == "shadow":
            shutil.rmtree(out, ignore_errors=True)
    if counts and claim.kind == "screen":
        _remove_leftovers(out)
    return counts


def _remove_leftovers(out: Path) -> None:
    """Remove what killed processes left of the same study; only this result counts."""
    study = out.parent.parent
    for left in [*out.parent.iterdir(), *study.glob("work-*")]:
        if left != out:
            shutil.rmtree(left, ignore_errors=True)


def _files(
    place: Workplace, claim: Claim, work: Path
) -> tuple[Path, tuple[LeftOutScan, ...]]:
    """Return where the files of a study are, and what was left out of them.

    Where uploads lose their identifiers, these are the clean files; what was sent is
    removed as soon as they are there.
    """
    is_as_is = place.storage.is_as_is(claim.study_id)
    if is_as_is or not place.settings.strips_identity:
        lay_out(place, claim.study_id, work)
        return work, ()
    try:
        clean = deidentify_study(
            place.storage.study(claim.study_id),
            data=place.settings.data,
            owner=claim.owner,
            lay_out=lambda folder: lay_out(place, claim.study_id, folder),
        )
    except DataError:
        place.storage.remove_source(claim.study_id)
        raise
    with place.database.write() as connection:
        _forget_names(connection, claim.study_id, clean.pseudonyms[0])
    if place.database.is_sqlite:
        place.database.empty_journal()
    place.storage.remove_source(claim.study_id)
    return clean.folder, clean.left_out


def _forget_names(connection: Connection, study_id: str, pseudonym: str) -> None:
    """Drop the names of files, and name the study by its pseudonym."""
    connection.execute(
        update(UPLOAD_FILES)
        .where(UPLOAD_FILES.c.upload_id == study_id)
        .values(client_name="de-identified")
    )
    for table in (UPLOADS, STUDIES):
        connection.execute(
            update(table)
            .where(table.c.id == study_id)
            .values(title=f"Study {pseudonym[:8]}")
        )
    connection.execute(
        update(STUDIES)
        .where(STUDIES.c.id == study_id, STUDIES.c.patient_key.is_(None))
        .values(patient_key=pseudonym)
    )


def lay_out(place: Workplace, study_id: str, work: Path) -> None:
    """Give the files of a study the senders' names again, made safe, by hard links.

    Names tell the order of pictures, the sequence of volumes, and what a DICOMDIR refers
    to.
    """
    query = (
        select(UPLOAD_FILES.c.stored_name, UPLOAD_FILES.c.client_name)
        .where(UPLOAD_FILES.c.upload_id == study_id)
        .order_by(UPLOAD_FILES.c.number)
    )
    with place.database.read() as connection:
        files = connection.execute(query).all()
    source = place.storage.source(study_id)
    for number, (stored, client_name) in enumerate(files):
        target = work / safe_path(client_name)
        if target.exists() or any(one.is_file() for one in target.parents):
            target = work / f"copy-{number}" / target.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.link(source / stored, target)


def _model_of(place: Workplace, claim: Claim) -> ServedModelEntry:
    query = select(STUDIES.c.model_id).where(STUDIES.c.id == claim.study_id)
    with place.database.read() as connection:
        wanted = str(connection.execute(query).scalar_one())
    shadow = place.registry.shadow
    if claim.kind == "shadow" and shadow is not None:
        return shadow
    return place.registry.get(wanted) or place.registry.default


def _record_screening(
    connection: Connection, claim: Claim, result: ScreeningResult, folder: str
) -> None:
    is_assessed = result.decision != "not assessed"
    connection.execute(
        update(STUDIES)
        .where(STUDIES.c.id == claim.study_id)
        .values(
            state="done" if is_assessed else "not_assessed",
            series_count=len(result.series),
            highest_tumor_probability=result.highest_tumor_probability,
            decision=result.decision,
            result_folder=folder,
            error_code=None,
            error_detail=None,
        )
    )


def _record_shadow(
    connection: Connection,
    claim: Claim,
    result: ScreeningResult,
    model: ServedModelEntry,
) -> None:
    connection.execute(
        update(STUDIES)
        .where(STUDIES.c.id == claim.study_id)
        .values(
            shadow_model_id=model.id,
            shadow_probability=result.highest_tumor_probability,
            shadow_decision=result.decision,
        )
    )


def _submit_shadow(place: Workplace, connection: Connection, claim: Claim) -> None:
    """Ask for the same study by the model in the shadow; left out under load."""
    if place.registry.shadow is None:
        return
    job = NewJob(
        study_id=claim.study_id,
        idempotency_key=f"shadow:{claim.job_id}",
        content_digest=claim.content_digest,
        kind="shadow",
    )
    try:
        place.queue.submit(connection, job)
    except FullError:
        count(connection, "jobs", "shadow left out")


def _count_result(
    connection: Connection, result: ScreeningResult, seconds: float, claim: Claim
) -> None:
    if claim.kind == "shadow":
        return
    count(connection, "screening_seconds", by=seconds)
    count(connection, "screenings", result.decision)
    for check in result.input_checks:
        if check.outcome != "accept":
            count(connection, "input_checks", f"{check.name}: {check.outcome}")
    probability = result.highest_tumor_probability
    if probability is not None:
        edge = next(one for one in _PROBABILITY_EDGES if probability <= one)
        count(connection, "tumor_probability", f"{edge:g}")
