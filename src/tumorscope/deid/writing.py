"""Data set to bytes: a new preamble, new file meta, and nothing behind the last element.

References:
    DICOM PS3.5, section 7; PS3.10, section 7.1 (preamble and file meta information).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tumorscope.deid.elements import (
    EXPLICIT_LITTLE,
    LONG_VRS,
    UNDEFINED_LENGTH,
    DataSet,
    Element,
    Encapsulated,
    Encoding,
)
from tumorscope.deid.reading import TRANSFER_SYNTAX

IMPLEMENTATION_UID = "2.25.262023054417840087210996128198520829638"
IMPLEMENTATION_NAME = "TUMORSCOPE"
_META_VERSION, _META_CLASS, _META_INSTANCE = 0x00020001, 0x00020002, 0x00020003
_META_LENGTH, _META_WRITER, _META_WRITER_NAME = 0x00020000, 0x00020012, 0x00020013
_ITEM = (0xFFFE, 0xE000)
_SEQUENCE_END = (0xFFFE, 0xE0DD)
_SPACE_PADDED = frozenset(
    (
        *("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST"),
        *("TM", "UC", "UR", "UT"),
    )
)


def pad(vr: str, value: bytes) -> bytes:
    """Return a value of even length, as every value must be."""
    if len(value) % 2 == 0:
        return value
    return value + (b" " if vr in _SPACE_PADDED else b"\0")


def write_dicom(
    elements: Sequence[Element],
    encoding: Encoding,
    *,
    transfer_syntax: str,
    sop_class: str,
    sop_instance: str,
) -> bytes:
    """Return a file of PS3.10: zeros, `DICM`, meta information, data set.

    Args:
        elements: Data set in ascending order of tags.
        encoding: How `transfer_syntax` writes them.
        transfer_syntax: UID for the meta information.
        sop_class: SOP Class UID.
        sop_instance: New SOP Instance UID.
    """
    meta = [
        Element(_META_VERSION, "OB", b"\0\1"),
        _uid(_META_CLASS, sop_class),
        _uid(_META_INSTANCE, sop_instance),
        _uid(TRANSFER_SYNTAX, transfer_syntax),
        _uid(_META_WRITER, IMPLEMENTATION_UID),
        Element(_META_WRITER_NAME, "SH", IMPLEMENTATION_NAME.encode()),
    ]
    body = _Writer(EXPLICIT_LITTLE).write(meta)
    length = Element(_META_LENGTH, "UL", struct.pack("<L", len(body)))
    head = _Writer(EXPLICIT_LITTLE).write([length])
    data = _Writer(encoding).write(elements)
    return b"".join((bytes(128), b"DICM", head, body, data))


def write_elements(elements: DataSet, encoding: Encoding) -> bytes:
    """Return the bytes of a data set alone."""
    return _Writer(encoding).write(elements)


def _uid(tag: int, value: str) -> Element:
    return Element(tag, "UI", value.encode())


class _Writer:
    """Writes elements in one encoding; sequences get the length that they have."""

    def __init__(self, encoding: Encoding) -> None:
        order = ">" if encoding.is_big_endian else "<"
        self._is_implicit = encoding.is_implicit
        self._implicit = struct.Struct(f"{order}HHL").pack
        self._short = struct.Struct(f"{order}HH2sH").pack
        self._long = struct.Struct(f"{order}HH2sHL").pack

    def write(self, elements: Sequence[Element]) -> bytes:
        """Return the bytes of a data set."""
        parts: list[bytes] = []
        for tag, vr, value in elements:
            if isinstance(value, bytes):
                content = pad(vr, value)
                parts.append(self._head(tag, vr, len(content)))
                parts.append(content)
            elif isinstance(value, Encapsulated):
                parts.append(self._head(tag, vr, UNDEFINED_LENGTH))
                parts.extend(self._fragments(value))
            else:
                content = b"".join(self._item(item) for item in value)
                parts.append(self._head(tag, vr, len(content)))
                parts.append(content)
        return b"".join(parts)

    def _head(self, tag: int, vr: str, length: int) -> bytes:
        group, number = tag >> 16, tag & 0xFFFF
        if self._is_implicit:
            return self._implicit(group, number, length)
        if vr in LONG_VRS:
            return self._long(group, number, vr.encode(), 0, length)
        return self._short(group, number, vr.encode(), length)

    def _item(self, item: DataSet) -> bytes:
        content = self.write(item)
        return self._implicit(*_ITEM, len(content)) + content

    def _fragments(self, value: Encapsulated) -> list[bytes]:
        parts = []
        for fragment in value.fragments:
            parts.append(self._implicit(*_ITEM, len(fragment)))
            parts.append(fragment)
        parts.append(self._implicit(*_SEQUENCE_END, 0))
        return parts
