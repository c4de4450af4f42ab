"""Bytes to data set, strictly: a length that lies is a refusal, never a shorter value.

pydicom reads stumps in silence, inflates without a limit and fails by recursion; a file
that is rewritten must have been understood to its last byte. Hence a reader of our own
for the few rules of PS3.5; pydicom checks its results (see `checking`).

References:
    DICOM PS3.5, sections 7.1 to 7.5 and A.4; PS3.10, section 7.1.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from tumorscope.deid.elements import (
    EXPLICIT_LITTLE,
    LONG_VRS,
    PIXEL_DATA,
    PIXEL_TAGS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    DataSet,
    Element,
    Encapsulated,
    Encoding,
    MalformedFileError,
    text_of,
)

IMPLICIT_LITTLE_UID = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_UID = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_UID = "1.2.840.10008.1.2.2"
DEFLATED_UID = "1.2.840.10008.1.2.1.99"
TRANSFER_SYNTAX = 0x00020010
MAX_DEPTH = 32
MAX_INFLATED = 512 * 2**20
_DELIMITERS = 0xFFFE
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_NATIVE = {
    IMPLICIT_LITTLE_UID: Encoding(is_implicit=True),
    EXPLICIT_LITTLE_UID: EXPLICIT_LITTLE,
    EXPLICIT_BIG_UID: Encoding(is_big_endian=True),
    DEFLATED_UID: EXPLICIT_LITTLE,
}
_KNOWN_VRS = {vr.encode(): vr for vr in LONG_VRS | SHORT_VRS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomFile:
    """A file read whole.

    Attributes:
        transfer_syntax: Its UID as declared.
        encoding: How the data set is written.
        elements: The data set, in the order of the file.
        trailing_bytes: Bytes behind the last element that are none; never kept.
    """

    transfer_syntax: str
    encoding: Encoding
    elements: DataSet
    trailing_bytes: int


def is_dicom(content: bytes) -> bool:
    """Return whether a file starts as PS3.10 demands: a preamble and `DICM`."""
    return content[128:132] == b"DICM"


def read_dicom(content: bytes) -> DicomFile:
    """Read a file to its last byte.

    Args:
        content: The file.

    Raises:
        MalformedFileError: If anything in it is not as its own lengths say.
    """
    if not is_dicom(content):
        raise MalformedFileError("not-dicom")
    meta, start = _read_meta(content)
    syntax = text_of(meta, TRANSFER_SYNTAX)
    if not syntax:
        raise MalformedFileError("no-transfer-syntax")
    body = content
    if syntax == DEFLATED_UID:
        body, start = _inflate(content[start:]), 0
    reader = _Reader(body, _NATIVE.get(syntax, EXPLICIT_LITTLE))
    elements, end = reader.read_data_set(start, len(body), 0)
    return DicomFile(
        transfer_syntax=syntax,
        encoding=reader.encoding,
        elements=elements,
        trailing_bytes=len(body) - end,
    )


def _read_meta(content: bytes) -> tuple[DataSet, int]:
    """Read group 0002, which ends where another group starts."""
    reader, at = _Reader(content, EXPLICIT_LITTLE), 132
    elements: list[Element] = []
    while at + 8 <= len(content) and content[at : at + 2] == b"\x02\x00":
        element, at = reader.read_element(at, len(content), 0)
        elements.append(element)
    return tuple(elements), at


def _inflate(content: bytes) -> bytes:
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = unpack.decompress(content, MAX_INFLATED)
    except zlib.error:
        raise MalformedFileError("bad-deflate") from None
    if unpack.unconsumed_tail:
        raise MalformedFileError("inflates-too-far")
    if not unpack.eof:
        raise MalformedFileError("truncated")
    return inflated


@lru_cache(maxsize=8192)
def dictionary_vr(tag: int) -> str:
    """Return the representation that the dictionary gives, "UN" for an unknown tag.

    Where the dictionary leaves a choice, the longest is taken: it is only used where a
    file leaves it out, and there the bytes are the same.
    """
    if tag >> 16 & 1:
        return "UN"
    if not dictionary_has_tag(tag):
        return "UL" if tag & 0xFFFF == 0 else "UN"
    return dictionary_VR(tag).split(" or ")[-1]


class _Reader:
    """Reads elements of one buffer; every length is checked against what is there."""

    def __init__(self, content: bytes, encoding: Encoding) -> None:
        self.content = content
        self.encoding = encoding
        order = ">" if encoding.is_big_endian else "<"
        self._head = struct.Struct(f"{order}HH2sH").unpack_from
        self._implicit_head = struct.Struct(f"{order}HHL").unpack_from
        self._length = struct.Struct(f"{order}L").unpack_from

    def read_data_set(self, at: int, end: int, depth: int) -> tuple[DataSet, int]:
        """Read elements up to `end`, or to the end of an item."""
        elements: list[Element] = []
        seen: set[int] = set()
        while end - at >= 8:
            if depth == 0 and elements and elements[-1].tag >= PIXEL_TAGS[0]:
                return self._read_tail(tuple(elements), at, end)
            element, after = self.read_element(at, end, depth)
            if element.tag == _ITEM_END:
                return tuple(elements), after
            if element.tag in seen:
                raise MalformedFileError("element-twice")
            seen.add(element.tag)
            elements.append(element)
            at = after
        if at != end and (depth or seen.isdisjoint(PIXEL_TAGS)):
            raise MalformedFileError("truncated")
        return tuple(elements), at

    def _read_tail(self, elements: DataSet, at: int, end: int) -> tuple[DataSet, int]:
        """Read what may follow the pixels; bytes that are no element are trailing."""
        tail = list(elements)
        while end - at >= 8:
            try:
                element, after = self.read_element(at, end, 0)
            except MalformedFileError:
                break
            if element.tag <= tail[-1].tag or element.tag >> 16 == _DELIMITERS:
                break
            tail.append(element)
            at = after
        return tuple(tail), at

    def read_element(self, at: int, end: int, depth: int) -> tuple[Element, int]:
        """Read one element, its items included."""
        tag, vr, length, start = self._read_head(at, end)
        if tag == _ITEM_END:
            if length:
                raise MalformedFileError("bad-delimiter")
            return Element(tag, vr, b""), start
        if length == UNDEFINED_LENGTH:
            if tag == PIXEL_DATA:
                value, after = self._read_fragments(start, end)
                return Element(tag, vr, value), after
            items, after = self._read_undefined(vr, start, end, depth)
            return Element(tag, "SQ", items), after
        after = start + length
        if after > end:
            raise MalformedFileError("truncated")
        if vr == "SQ":
            items, _ = self._read_items(start, after, depth, is_delimited=False)
            return Element(tag, vr, items), after
        return Element(tag, vr, self.content[start:after]), after

    def _read_head(self, at: int, end: int) -> tuple[int, str, int, int]:
        if end - at < 8:
            raise MalformedFileError("truncated")
        group, number, vr_bytes, length = self._head(self.content, at)
        tag = group << 16 | number
        if self.encoding.is_implicit or group == 0xFFFE:
            length = self._length(self.content, at + 4)[0]
            return tag, dictionary_vr(tag), length, at + 8
        vr = _KNOWN_VRS.get(vr_bytes)
        if vr is None:
            raise MalformedFileError("unknown-representation")
        if vr in SHORT_VRS:
            return tag, vr, length, at + 8
        if end - at < 12:
            raise MalformedFileError("truncated")
        return tag, vr, self._length(self.content, at + 8)[0], at + 12

    def _read_undefined(
        self, vr: str, start: int, end: int, depth: int
    ) -> tuple[tuple[DataSet, ...], int]:
        if vr == "UN" and not self.encoding.is_implicit:
            # PS3.5, 6.2.2 note 4: an unknown sequence is written as implicit little.
            if self.encoding.is_big_endian:
                raise MalformedFileError("undefined-length")
            nested = _Reader(self.content, Encoding(is_implicit=True))
            return nested._read_items(start, end, depth, is_delimited=True)
        if vr not in {"SQ", "UN"}:
            raise MalformedFileError("undefined-length")
        return self._read_items(start, end, depth, is_delimited=True)

    def _read_items(
        self, at: int, end: int, depth: int, *, is_delimited: bool
    ) -> tuple[tuple[DataSet, ...], int]:
        if depth >= MAX_DEPTH:
            raise MalformedFileError("nested-too-deep")
        items: list[DataSet] = []
        while is_delimited or at < end:
            tag, _, length, start = self._read_head(at, end)
            if tag == _SEQUENCE_END and is_delimited:
                return tuple(items), start
            if tag != _ITEM:
                raise MalformedFileError("bad-item")
            if length == UNDEFINED_LENGTH:
                item, at = self._read_open_item(start, end, depth)
            else:
                if start + length > end:
                    raise MalformedFileError("truncated")
                item, at = self.read_data_set(start, start + length, depth + 1)
                if at != start + length:
                    raise MalformedFileError("bad-item")
            items.append(item)
        return tuple(items), at

    def _read_open_item(self, at: int, end: int, depth: int) -> tuple[DataSet, int]:
        item, after = self.read_data_set(at, end, depth + 1)
        if self._implicit_head(self.content, after - 8)[:2] != (0xFFFE, 0xE00D):
            raise MalformedFileError("truncated")
        return item, after

    def _read_fragments(self, at: int, end: int) -> tuple[Encapsulated, int]:
        fragments: list[bytes] = []
        while True:
            tag, _, length, start = self._read_head(at, end)
            if tag == _SEQUENCE_END:
                return Encapsulated(tuple(fragments)), start
            if tag != _ITEM or start + length > end:
                raise MalformedFileError("truncated")
            fragments.append(self.content[start : start + length])
            at = start + length
