"""Files of a series as a `ScanOrigin`, read by a sandboxed child."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile

_READ_ORIGIN = "tumorscope.io.dicom.origin:read_origin"


def read_origins(files: Sequence[ScanFile], sandbox: Sandbox) -> tuple[str, ...]:
    """Read what results must repeat of each file.

    Args:
        files: Where they lie.
        sandbox: Parses them.

    Returns:
        DICOM JSON of each file.

    Raises:
        UnreadableScanError: If one of them cannot be read.
    """
    heads = [sandbox.call(_READ_ORIGIN, file) for file in files]
    if not all(isinstance(head, str) for head in heads):
        raise UnreadableScanError("the reader gave no usable answer")
    return tuple(heads)
