"""Removing a study: rows first, so that nothing points to files that are gone."""

from __future__ import annotations

from sqlalchemy import delete, select

from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import CRASHES, STUDIES, UPLOADS
from tumorscope.serve.storage import Storage


def remove_study(database: Database, storage: Storage, study_id: str) -> bool:
    """Remove a study with its upload, jobs, readings, feedback and files.

    A worker that still reads it finds its claim gone and leaves no result.

    Args:
        database: Of the service.
        storage: Files of the service.
        study_id: The study.

    Returns:
        Whether there was one.
    """
    with database.write() as connection:
        digest = select(STUDIES.c.content_digest).where(STUDIES.c.id == study_id)
        content = connection.execute(digest).scalar()
        gone = connection.execute(delete(STUDIES).where(STUDIES.c.id == study_id))
        same = select(STUDIES.c.id).where(STUDIES.c.content_digest == content)
        if content is not None and connection.execute(same).first() is None:
            connection.execute(
                delete(CRASHES).where(CRASHES.c.content_digest == content)
            )
        connection.execute(delete(UPLOADS).where(UPLOADS.c.id == study_id))
    storage.remove_study(study_id)
    return bool(gone.rowcount)
