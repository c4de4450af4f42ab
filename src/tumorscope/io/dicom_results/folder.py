"""A folder of results that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from tumorscope.domain.errors import ConfigError


class ResultFolder:
    """Collects files beside their place; `commit` gives them the name that was asked for.

        with ResultFolder(out) as folder:
            folder.add(data_set)
            folder.commit()

    Without `commit`, for instance after an error, nothing is left.
    """

    def __init__(self, place: Path | None) -> None:
        """Take the place.

        Args:
            place: A new or empty folder; None keeps the files until the end of the
                `with` block only.

        Raises:
            ConfigError: If it holds something, or its parent cannot be written to.
        """
        self.place = place
        self.files: list[Path] = []
        if place is not None and _is_occupied(place):
            raise ConfigError(
                f"{place}: results go to a new or empty folder; name another one"
            )
        parent = None if place is None else place.resolve().parent
        try:
            if parent is not None:
                parent.mkdir(parents=True, exist_ok=True)
            self._staging = Path(tempfile.mkdtemp(prefix=".results.", dir=parent))
        except OSError as error:
            raise ConfigError(
                f"{place}: cannot be written: {error.strerror}"
            ) from error

    def add(self, data_set: Dataset) -> None:
        """Write one object, by its own UID: names of files say nothing of a patient."""
        path = self._staging / f"{data_set.SOPInstanceUID}.dcm"
        with path.open("xb") as stream:
            dcmwrite(stream, data_set, enforce_file_format=True)
            stream.flush()
            os.fsync(stream.fileno())
        self.files.append(path)

    def commit(self) -> None:
        """Give the folder its name; from then on all files are there."""
        if self.place is None:
            return
        if self.place.exists():
            self.place.rmdir()
        self._staging.chmod(0o755)
        self._staging.replace(self.place)
        self.files = [self.place / path.name for path in self.files]

    def __enter__(self) -> Self:
        """Return the folder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not committed."""
        shutil.rmtree(self._staging, ignore_errors=True)


def _is_occupied(place: Path) -> bool:
    if not place.exists():
        return False
    return not place.is_dir() or any(place.iterdir())
