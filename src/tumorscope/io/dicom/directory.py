"""Which files a DICOMDIR refers to. Runs in a sandbox."""

from __future__ import annotations

from io import BytesIO

from pydicom.filereader import dcmread

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom.structure import check_structure
from tumorscope.io.scan_files import ScanFile, read_content

MAX_RECORDS = 100_000
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


def read_directory(file: ScanFile) -> list[list[str]]:
    """Read the file references of a DICOMDIR.

    Args:
        file: Where it lies.

    Returns:
        For each referenced file, the parts of its path (PS3.3 F.3.2.2).

    Raises:
        UnreadableScanError: If it is no DICOMDIR, or damaged.
    """
    data_set = dcmread(BytesIO(check_structure(read_content(file)).content))
    if data_set.file_meta.get("MediaStorageSOPClassUID") != _DIRECTORY_CLASS:
        raise UnreadableScanError("not a DICOMDIR")
    records = data_set.get("DirectoryRecordSequence") or []
    if len(records) > MAX_RECORDS:
        raise UnreadableScanError(f"more than {MAX_RECORDS} records")
    found = (record.get("ReferencedFileID") for record in records)
    return [
        [value] if isinstance(value, str) else [str(part) for part in value]
        for value in found
        if value
    ]
