"""What a service clears away by itself: once at its start, then every hour."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import dataclass

from sqlalchemy import delete, select, union
from sqlalchemy.exc import SQLAlchemyError

from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.tables import STUDIES, UPLOADS
from tumorscope.serve.erasure import Eraser
from tumorscope.serve.safety import SYSTEM, Safety
from tumorscope.serve.storage import STUDIES as STUDIES_FOLDER
from tumorscope.serve.storage import Storage

EVERY_S = 3600.0
_YOUNG_S = 3600.0
"""A folder without a row is left alone for this long: its row may be on its way."""
_ENDED = ("done", "not_assessed", "failed", "canceled")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Clears away what nobody needs or may keep.

    Attributes:
        database: Of the service.
        storage: Its files.
        safety: Its settings and its audit log.
    """

    database: Database
    storage: Storage
    safety: Safety

    def run(self, stops: threading.Event) -> None:
        """Tidy now and every hour until asked to stop; a failure waits for the next."""
        while True:
            try:
                self.tidy()
            except (OSError, SQLAlchemyError) as error:
                _LOG.warning("housekeeping", extra={"kind": type(error).__name__})
            if stops.wait(EVERY_S):
                return

    def tidy(self) -> None:
        """Erase what is past its time, and whatever belongs to no study.

        A checkpoint of the audit log ends it, so that no log of a quiet service stays
        without one for longer than an hour.
        """
        settings = self.safety.settings
        days = settings.security.retention_days
        if days is not None:
            eraser = Eraser(
                database=self.database,
                storage=self.storage,
                log=self.safety.audit_log,
            )
            eraser.erase_older(days, account_id=SYSTEM)
        self.end_uploads()
        self.remove_orphans()
        if settings.strips_identity:
            self.remove_sent_files()
        self.safety.seal()

    def end_uploads(self) -> None:
        """Remove uploads that were never completed, when their time is over."""
        over = (UPLOADS.c.state == "open") & (UPLOADS.c.expires < time.time())
        with self.database.write() as connection:
            query = select(UPLOADS.c.id).where(over)
            ids = [row.id for row in connection.execute(query)]
            connection.execute(delete(UPLOADS).where(UPLOADS.c.id.in_(ids)))
        for upload in ids:
            self.storage.remove_study(upload)

    def remove_orphans(self) -> int:
        """Remove folders that belong to no upload and no study; return how many."""
        query = union(select(STUDIES.c.id), select(UPLOADS.c.id))
        with self.database.read() as connection:
            known = {row[0] for row in connection.execute(query)}
        removed = 0
        for folder in (self.storage.data / STUDIES_FOLDER).iterdir():
            old = time.time() - folder.stat().st_mtime > _YOUNG_S
            if old and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed

    def remove_sent_files(self) -> None:
        """Remove files with identifiers of studies that were refused or given up."""
        query = select(STUDIES.c.id).where(STUDIES.c.state.in_(_ENDED))
        with self.database.read() as connection:
            ended = [row.id for row in connection.execute(query)]
        for study in ended:
            self.storage.remove_source(study)
