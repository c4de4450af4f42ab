"""One file after de-identification, before it is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deidentified:
    """A finished file and what was done to it.

    Attributes:
        content: The file.
        folders: Folders below the patient's.
        name: File name, of new identifiers only.
        counts: How often (tag, action) was done; for files other than DICOM the tag is
            the name of a field. Names only, never values.
        group: What belongs together, e.g. the new series UID.
        age: Age as released, as an AS; empty where it is not.
        sex: Sex as released; empty where it is not.
    """

    content: bytes
    folders: tuple[str, ...]
    name: str
    counts: dict[tuple[int, str], int] | dict[tuple[str, str], int]
    group: str = ""
    age: str = ""
    sex: str = ""
