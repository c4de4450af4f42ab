"""A file that was received -> the study it belongs to, read in the sandbox."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile

_READ_HEADER = "tumorscope.io.dicom.headers:read_header"


class ReceivedFiles:
    """Tells files of different studies apart without parsing them in this process."""

    def __init__(self) -> None:
        """Prepare a sandbox; its first child starts with the first file."""
        self._sandbox = Sandbox()

    def study_key(self, path: Path) -> str:
        """Return a name for the study of a DICOM file: a digest of its identifier.

        Raises:
            UnreadableScanError: If it cannot be read, or names no study.
        """
        header = self._sandbox.call(_READ_HEADER, ScanFile(path=path, name=path.name))
        found = header.get("study_uid") if isinstance(header, dict) else None
        if not isinstance(found, str) or not found:
            raise UnreadableScanError("names no study")
        return hashlib.sha256(found.encode()).hexdigest()[:32]

    def close(self) -> None:
        """End the sandbox."""
        self._sandbox.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the sandbox."""
        self.close()
