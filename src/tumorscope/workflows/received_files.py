"""A file that was received -> the study it belongs to, read in the sandbox."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile

_READ_HEADER = "tumorscope.io.dicom.headers:read_header"
_UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """What a file says it is.

    Attributes:
        study_uid: Its study.
        class_uid: Its SOP class; empty where it names none.
        instance_uid: Itself; empty where it does not say.
    """

    study_uid: str
    class_uid: str
    instance_uid: str

    @property
    def study_key(self) -> str:
        """A name for the study that tells nothing: a digest of its identifier."""
        return _digest(self.study_uid)

    @property
    def instance_key(self) -> str:
        """A name for the file that tells nothing: a digest of its identifier."""
        return _digest(self.instance_uid)


class ReceivedFiles:
    """Tells files of different studies apart without parsing them in this process."""

    def __init__(self) -> None:
        """Prepare a sandbox; its first child starts with the first file."""
        self._sandbox = Sandbox()

    def read(self, path: Path) -> ReceivedFile:
        """Return what a DICOM file says it is.

        Raises:
            UnreadableScanError: If it cannot be read, or names no study or itself.
        """
        header = self._sandbox.call(_READ_HEADER, ScanFile(path=path, name=path.name))
        found = header if isinstance(header, dict) else {}
        uids = {
            key: str(found.get(key) or "")
            for key in ("study_uid", "class_uid", "instance_uid")
        }
        for key in ("study_uid", "instance_uid"):
            if not _UID.fullmatch(uids[key]):
                raise UnreadableScanError(f"has no usable {key.replace('_', ' ')}")
        return ReceivedFile(**uids)

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


def _digest(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:32]
