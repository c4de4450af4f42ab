"""Files that come one by one wait until nothing more comes of their study.

A file is on the disk before its sender hears of success. All that is known of a study
lies in the names of folders, so that any process may go on where another one died, and
one may take files in while another one hands studies in:

    waiting/KEY/NAME.dcm    files of a study that may not be complete
    ready/ID/NAME.dcm       a batch that is handed in; its ID makes a repeat harmless
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tumorscope.serve.hand_in import Intake, hand_in
from tumorscope.serve.queue.leases import FullError
from tumorscope.serve.storage import new_id, sync_folder

_TRIES = 10
"""Times that a file is put into a folder which is taken away at that very moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The waiting room of one sender.

    Attributes:
        folder: Where files wait.
        quiet_s: Seconds without a file after which a study counts as complete, by the
            clock of the disk's times. A clock that is set forward makes two studies of
            one at worst.
    """

    folder: Path
    quiet_s: float

    def keep(self, place: Path, key: str, name: str) -> None:
        """Move a file to the others of its study; it replaces one of the same name.

        Args:
            place: A whole file on the same disk.
            key: Of the study, fit for a file name.
            name: Of the file, fit for a file name.

        Raises:
            OSError: If nothing can be kept.
        """
        study = self._waiting / key
        for left in reversed(range(_TRIES)):
            study.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                place.replace(study / f"{name}.dcm")
                sync_folder(study)
            except FileNotFoundError:  # the study was just taken: start another batch
                if not left or not place.exists():
                    raise
            else:
                return

    def hand_in(self, intake: Intake) -> Iterator[str]:
        """Hand in what is complete; with a full queue it waits for the next call.

        Args:
            intake: Where.

        Yields:
            Each new study.
        """
        self._set_aside()
        for batch in _folders(self._ready):
            files = {path.name: path for path in sorted(batch.iterdir())}
            try:
                study = hand_in(intake, files, title="Received study", key=batch.name)
            except FullError:
                return
            shutil.rmtree(batch)
            if study is not None:
                yield study

    def _set_aside(self) -> None:
        latest = time.time() - self.quiet_s
        self._ready.mkdir(parents=True, exist_ok=True, mode=0o700)
        for study in _folders(self._waiting):
            if study.stat().st_mtime <= latest:
                study.replace(self._ready / new_id())

    @property
    def _waiting(self) -> Path:
        return self.folder / "waiting"

    @property
    def _ready(self) -> Path:
        return self.folder / "ready"


def _folders(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.exists() else []
