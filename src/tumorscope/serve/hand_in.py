"""Files that the service itself has at hand -> a study with a job, as if uploaded."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from tumorscope.serve.database.clock import wall_time
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import STUDIES, UPLOAD_FILES, UPLOADS
from tumorscope.serve.queue.job import NewJob
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.storage import Storage, new_id, stored_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where studies are handed in.

    Attributes:
        database: Of the service.
        storage: Its files.
        queue: Takes the jobs.
        model_id: Model that is asked.
        account_id: Whose studies they are.
        keeps_identity: Whether their files are read as they are: nobody is behind them,
            or their results belong into the patient's own study.
    """

    database: Database
    storage: Storage
    queue: JobQueue
    model_id: str
    account_id: str
    keeps_identity: bool


def hand_in(
    intake: Intake, files: Mapping[str, Path], *, title: str, key: str
) -> str | None:
    """Make a study of files and have it screened.

    Args:
        intake: Where.
        files: By the names that they shall have; they are copied.
        title: Of the study.
        key: A repeat with the same key changes nothing.

    Returns:
        The study; None where the key is known.

    Raises:
        FullError: If as many jobs wait as may wait; nothing is left of it then.
    """
    with intake.database.read() as connection:
        query = select(UPLOADS.c.id).where(
            UPLOADS.c.idempotency_key == key,
            UPLOADS.c.account_id == intake.account_id,
        )
        if connection.execute(query).first() is not None:
            return None
    study_id, now = new_id(), wall_time()
    common = {
        "id": study_id,
        "account_id": intake.account_id,
        "title": title,
        "created": now,
    }
    try:
        rows = _copy(intake, study_id, files)
        digests = "".join(sorted(str(row["digest"]) for row in rows))
        digest = hashlib.sha256(digests.encode()).hexdigest()
        job = NewJob(
            study_id=study_id,
            idempotency_key=f"upload:{study_id}",
            content_digest=digest,
        )
        with intake.database.write() as connection:
            connection.execute(
                UPLOADS.insert().values(
                    **common, idempotency_key=key, state="completed", expires=now
                )
            )
            connection.execute(UPLOAD_FILES.insert(), rows)
            connection.execute(
                STUDIES.insert().values(
                    **common,
                    state="queued",
                    model_id=intake.model_id,
                    content_digest=digest,
                )
            )
            intake.queue.submit(connection, job)
    except BaseException:
        intake.storage.remove_study(study_id)
        raise
    return study_id


def _copy(
    intake: Intake, study_id: str, files: Mapping[str, Path]
) -> list[dict[str, object]]:
    folder = intake.storage.source(study_id)
    folder.mkdir(parents=True, mode=0o700)
    if intake.keeps_identity:
        intake.storage.mark_as_is(study_id)
    rows: list[dict[str, object]] = []
    for number, (name, path) in enumerate(files.items()):
        stored = stored_name(name)
        shutil.copyfile(path, folder / stored)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        rows.append(
            {
                "upload_id": study_id,
                "number": number,
                "client_name": name,
                "stored_name": stored,
                "size_bytes": path.stat().st_size,
                "digest": digest,
            }
        )
    return rows
