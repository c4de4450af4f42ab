"""Hands phantom studies in at a first start, as if somebody had uploaded them."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from sqlalchemy import select

from tumorscope.serve.database.clock import wall_time
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import STUDIES, UPLOAD_FILES, UPLOADS
from tumorscope.serve.models import ModelRegistry
from tumorscope.serve.queue.job import NewJob
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.security.access import LOCAL
from tumorscope.serve.storage import Storage, new_id, stored_name


def hand_in_demo(
    folder: Path,
    *,
    database: Database,
    storage: Storage,
    models: ModelRegistry,
    queue: JobQueue,
) -> int:
    """Hand in each subfolder as a study; one that was handed in before is left out.

    Args:
        folder: Its subfolders are named as their studies shall be.
        database: Of the service.
        storage: Its files.
        models: The default one is asked.
        queue: Takes the jobs.

    Returns:
        Number of studies that were handed in.
    """
    count = 0
    for source in sorted(one for one in folder.iterdir() if one.is_dir()):
        key = f"demo:{source.name}"
        with database.read() as connection:
            query = select(UPLOADS.c.id).where(UPLOADS.c.idempotency_key == key)
            if connection.execute(query).first() is not None:
                continue
        study_id = new_id()
        rows = _copy(source, study_id, storage)
        digests = sorted(str(row["digest"]) for row in rows)
        digest = hashlib.sha256("".join(digests).encode())
        now = wall_time()
        study = {
            "id": study_id,
            "account_id": LOCAL.account_id,
            "title": source.name,
            "created": now,
        }
        with database.write() as connection:
            connection.execute(
                UPLOADS.insert().values(
                    **study, idempotency_key=key, state="completed", expires=now
                )
            )
            connection.execute(UPLOAD_FILES.insert(), rows)
            connection.execute(
                STUDIES.insert().values(
                    **study,
                    state="queued",
                    model_id=models.default.id,
                    content_digest=digest.hexdigest(),
                )
            )
            job = NewJob(
                study_id=study_id,
                idempotency_key=f"upload:{study_id}",
                content_digest=digest.hexdigest(),
            )
            queue.submit(connection, job)
        count += 1
    return count


def _copy(source: Path, study_id: str, storage: Storage) -> list[dict[str, object]]:
    folder = storage.source(study_id)
    folder.mkdir(parents=True, mode=0o700)
    storage.mark_phantom(study_id)
    rows: list[dict[str, object]] = []
    files = sorted(one for one in source.rglob("*") if one.is_file())
    for number, file in enumerate(files):
        name = stored_name(file.name)
        shutil.copyfile(file, folder / name)
        content = file.read_bytes()
        rows.append(
            {
                "upload_id": study_id,
                "number": number,
                "client_name": file.relative_to(source).as_posix(),
                "stored_name": name,
                "size_bytes": len(content),
                "digest": hashlib.sha256(content).hexdigest(),
            }
        )
    return rows
