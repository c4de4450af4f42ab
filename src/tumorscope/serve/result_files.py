"""Screenings as they lie in the storage; they never change, so they are kept in memory."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tumorscope.serve.problems import NotFoundError
from tumorscope.serve.storage import Storage

RESULT = "result.json"
_KEPT = 64


class ResultFiles:
    """Reads results and arrays of screenings."""

    def __init__(self, storage: Storage, *, kept: int = _KEPT) -> None:
        """Take the storage.

        Args:
            storage: Where they are.
            kept: Results that stay in memory.
        """
        self._storage, self._kept = storage, kept
        self._memory: OrderedDict[tuple[str, str], Mapping[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, study_id: str, folder: str) -> Mapping[str, Any]:
        """Return what a screening found; nobody may write to it.

        Raises:
            NotFoundError: If it is not there.
        """
        key = (study_id, folder)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        found: Mapping[str, Any] = json.loads(
            self.file(study_id, folder, RESULT).read_bytes()
        )
        with self._lock:
            self._memory[key] = found
            while len(self._memory) > self._kept:
                self._memory.popitem(last=False)
        return found

    def file(self, study_id: str, folder: str, name: str) -> Path:
        """Return a file of a screening.

        Args:
            study_id: The study.
            folder: Of the screening.
            name: Path inside of it; made by the program, never by a request.

        Raises:
            NotFoundError: If it is not there.
        """
        path = self._storage.results(study_id, folder) / name
        if not path.is_file():
            raise NotFoundError("This part of the result is not there.")
        return path

    def forget(self, study_id: str) -> None:
        """Drop what is kept of a study that was removed."""
        with self._lock:
            for key in [one for one in self._memory if one[0] == study_id]:
                del self._memory[key]
