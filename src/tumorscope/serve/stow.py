"""DICOM files that come by STOW-RS: which are kept, which are not and why.

References:
    DICOM PS3.18, section 10.5 (store transaction) and appendix I (status codes).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy.exc import SQLAlchemyError

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.serve.arrivals import Arrivals
from tumorscope.serve.audit_log.actions import Action
from tumorscope.serve.audit_log.entry import Entry
from tumorscope.serve.hand_in import Intake
from tumorscope.serve.safety import Safety
from tumorscope.serve.storage import Storage
from tumorscope.workflows.received_files import ReceivedFile, ReceivedFiles

STOW = "stow"
LOOK_S = 0.5
MR_CLASSES = ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1")
"""MR Image Storage and Enhanced MR Image Storage."""
CLASS_NOT_SUPPORTED, OTHER_STUDY, CANNOT_UNDERSTAND = 0x0122, 0xA900, 0xC000
_PREFIX = "of-"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of one file.

    Attributes:
        file: What it says it is; None where it cannot be read.
        failure: Why it is not kept; 0 where it is.
    """

    file: ReceivedFile | None
    failure: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StowInbox:
    """Where such files wait for the rest of their study.

    Attributes:
        storage: Files of the service.
        quiet_s: Seconds after which a study counts as complete.
        received: Reads headers in a sandbox.
    """

    storage: Storage
    quiet_s: float
    received: ReceivedFiles

    def keep(
        self, files: Iterable[Path], *, account_id: str, study_uid: str | None
    ) -> list[Kept]:
        """Keep what is MR of the study; when this returns it is on the disk.

        Args:
            files: On the disk of the service; what is kept is moved.
            account_id: Whose they are.
            study_uid: The study that all must belong to; None where any may come.

        Returns:
            One for each file.

        Raises:
            OSError: If nothing can be kept.
        """
        arrivals = _arrivals(self.storage, account_id, self.quiet_s)
        return [self._keep_one(path, arrivals, study_uid) for path in files]

    def _keep_one(self, path: Path, arrivals: Arrivals, study_uid: str | None) -> Kept:
        try:
            file = self.received.read(path)
        except UnreadableScanError:
            return Kept(file=None, failure=CANNOT_UNDERSTAND)
        if file.class_uid not in MR_CLASSES:
            return Kept(file=file, failure=CLASS_NOT_SUPPORTED)
        if study_uid not in (None, file.study_uid):
            return Kept(file=file, failure=OTHER_STUDY)
        arrivals.keep(path, file.study_key, file.instance_key)
        return Kept(file=file)


@dataclass(frozen=True, slots=True, kw_only=True)
class StowStudies:
    """Hands in what is complete, in the process that outlives the others.

    Attributes:
        intake: Where; the account is that of each sender.
        safety: Its audit log.
        quiet_s: Seconds after which a study counts as complete.
    """

    intake: Intake
    safety: Safety
    quiet_s: float

    def run(self, stops: threading.Event) -> None:
        """Look again and again until asked to stop; a failure waits for the next look."""
        while not stops.wait(LOOK_S):
            try:
                self.work()
            except (OSError, SQLAlchemyError) as error:
                _LOG.warning("received studies", extra={"kind": type(error).__name__})

    def work(self) -> None:
        """Hand in what is complete now."""
        storage = self.intake.storage
        for account_id in _accounts(storage):
            intake = replace(self.intake, account_id=account_id)
            arrivals = _arrivals(storage, account_id, self.quiet_s)
            for study_id in arrivals.hand_in(intake):
                entry = Entry(
                    action=Action.STUDY_SUBMITTED,
                    account_id=account_id,
                    study_id=study_id,
                    detail="STOW-RS",
                )
                self.safety.audit_log.append(entry)


def store_answer(kept: Sequence[Kept]) -> tuple[int, dict[str, Any]]:
    """Return status and body of the answer, the DICOM JSON model of PS3.18, 10.5.3.

    Args:
        kept: What became of each file.
    """
    stored = [_names(one.file) for one in kept if not one.failure]
    failed = [
        _names(one.file) | {"00081197": {"vr": "US", "Value": [one.failure]}}
        for one in kept
        if one.failure
    ]
    body: dict[str, Any] = {"00081190": {"vr": "UR"}}  # nothing can be fetched again
    if stored:
        body["00081199"] = {"vr": "SQ", "Value": stored}
    if failed:
        body["00081198"] = {"vr": "SQ", "Value": failed}
    if not failed:
        return 200, body
    return (202 if stored else 409), body


def _names(file: ReceivedFile | None) -> dict[str, Any]:
    uids = ("", "") if file is None else (file.class_uid, file.instance_uid)
    return {
        tag: {"vr": "UI", "Value": [uid]} if uid else {"vr": "UI"}
        for tag, uid in zip(("00081150", "00081155"), uids, strict=True)
    }


def _arrivals(storage: Storage, account_id: str, quiet_s: float) -> Arrivals:
    folder = storage.data / STOW / f"{_PREFIX}{quote(account_id, safe='')}"
    return Arrivals(folder=folder, quiet_s=quiet_s)


def _accounts(storage: Storage) -> Iterator[str]:
    for folder in sorted((storage.data / STOW).glob(f"{_PREFIX}*")):
        yield unquote(folder.name.removeprefix(_PREFIX))
