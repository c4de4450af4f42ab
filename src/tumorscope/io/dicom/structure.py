"""Walks every element of a DICOM file before a library parses it.

pydicom reads stumps and lying lengths without a word, follows sequences until the stack
ends and inflates without a limit. This walk reads lengths only. A file passes when every
element, item and fragment lies inside what holds it, and the last one ends where the file
ends.

References: PS3.5 section 7 (data set), annex A (transfer syntaxes); PS3.10 section 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from pydicom.datadict import dictionary_VR
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.scan_files import MAX_FILE_BYTES, inflate_raw

MAX_DEPTH = 32
MAX_ELEMENTS = 2_000_000
PREAMBLE_BYTES = 128
NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
)
COMPRESSED = (
    *(RLELossless, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1),
    *(JPEGLSLossless, JPEGLSNearLossless, JPEG2000Lossless, JPEG2000),
)
_MAGIC = b"DICM"
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_TRANSFER_SYNTAX = 0x00020010
_META_END = 0x00030000
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file whose structure is whole.

    Attributes:
        content: Its bytes; a deflated data set is inflated.
        transfer_syntax: UID of the bytes as they are now.
    """

    content: bytes
    transfer_syntax: UID


def check_structure(content: bytes) -> CheckedFile:
    """Walk a file from end to end.

    Args:
        content: All bytes of the file.

    Returns:
        The bytes that a library may parse.

    Raises:
        UnreadableScanError: If the file is no DICOM file of PS3.10, truncated, nested
            deeper than `MAX_DEPTH`, too large when inflated, has a transfer syntax that
            is not read, or holds an element that reaches beyond its place.
    """
    if content[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != _MAGIC:
        raise UnreadableScanError("not a DICOM file")
    syntax, start = _walk_meta(content)
    if syntax == DeflatedExplicitVRLittleEndian:
        head = content[:start].replace(
            DeflatedExplicitVRLittleEndian.encode(),
            ExplicitVRLittleEndian.encode() + b"\0" * 3,
        )
        content = head + inflate_raw(content[start:], limit=MAX_FILE_BYTES)
        syntax = ExplicitVRLittleEndian
    walk = _Walk(
        content=content,
        order=">" if syntax == ExplicitVRBigEndian else "<",
        compressed=syntax in COMPRESSED,
    )
    implicit = syntax == ImplicitVRLittleEndian
    walk.data_set(start, len(content), implicit=implicit, depth=0)
    return CheckedFile(content=content, transfer_syntax=syntax)


def _walk_meta(content: bytes) -> tuple[UID, int]:
    """Return the transfer syntax, and where the data set begins."""
    walk = _Walk(content=content, order="<", compressed=False)
    position, syntax = PREAMBLE_BYTES + 4, None
    while position < len(content):
        if walk.tag(position, len(content)) >= _META_END:
            break
        element = walk.element(position, len(content), implicit=False)
        if element.tag == _TRANSFER_SYNTAX:
            value = content[element.start : element.start + element.length]
            syntax = value.rstrip(b"\0 ")
        position = walk.end_of(element, len(content))
    if syntax is None:
        raise UnreadableScanError("no transfer syntax: the file's head is damaged")
    known = {uid.encode(): uid for uid in NATIVE + COMPRESSED}
    if syntax not in known:
        raise UnreadableScanError("a transfer syntax (encoding) that is not read")
    return known[syntax], position


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    vr: bytes
    start: int
    length: int


@dataclass(slots=True, kw_only=True)
class _Walk:
    content: bytes
    order: str
    compressed: bool
    elements: int = 0
    _tag: struct.Struct = field(init=False)
    _long: struct.Struct = field(init=False)
    _short: struct.Struct = field(init=False)

    def __post_init__(self) -> None:
        self._tag = struct.Struct(f"{self.order}HH")
        self._long = struct.Struct(f"{self.order}I")
        self._short = struct.Struct(f"{self.order}H")

    def data_set(self, start: int, end: int, *, implicit: bool, depth: int) -> None:
        """Walk elements that fill a stretch exactly."""
        position = start
        while position < end:
            if depth == 0 and self._is_padding(position):
                return
            element = self.element(position, end, implicit=implicit)
            position = self.contents(element, end, implicit=implicit, depth=depth)

    def contents(
        self, element: _Element, end: int, *, implicit: bool, depth: int
    ) -> int:
        """Walk what an element holds; return where it ends."""
        if element.length == _UNDEFINED:
            if element.vr in (b"OB", b"OW"):
                return self.fragments(element.start, end)
            if element.vr not in (b"SQ", b"UN"):
                raise UnreadableScanError("an element without a length")
            inside = implicit or element.vr == b"UN"  # PS3.5 6.2.2, note 2
            return self.items(element.start, end, implicit=inside, depth=depth + 1)
        stop = self.end_of(element, end)
        if element.vr == b"SQ":
            found = self.items(
                element.start, stop, implicit=implicit, depth=depth + 1, closed=True
            )
            if found != stop:
                raise UnreadableScanError("a sequence whose length is wrong")
        return stop

    def items(
        self, start: int, end: int, *, implicit: bool, depth: int, closed: bool = False
    ) -> int:
        """Walk the items of a sequence; return where it ends."""
        if depth > MAX_DEPTH:
            raise UnreadableScanError(f"sequences nested deeper than {MAX_DEPTH}")
        position = start
        while position < end:
            tag = self.tag(position, end)
            length = self._length(position + 4, end)
            position += 8
            if tag == _SEQUENCE_END and not closed:
                return position
            if tag != _ITEM:
                raise UnreadableScanError("a sequence that holds no items")
            if length == _UNDEFINED:
                position = self._open_item(
                    position, end, implicit=implicit, depth=depth
                )
                continue
            if position + length > end:
                raise UnreadableScanError(_BEYOND)
            self.data_set(position, position + length, implicit=implicit, depth=depth)
            position += length
        if not closed:
            raise UnreadableScanError("truncated: a sequence has no end")
        return position

    def fragments(self, start: int, end: int) -> int:
        """Walk compressed pixel data; return where they end."""
        if not self.compressed:
            raise UnreadableScanError("compressed pixels in a file that says otherwise")
        position = start
        while position < end:
            tag = self.tag(position, end)
            length = self._length(position + 4, end)
            position += 8
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM or length == _UNDEFINED or position + length > end:
                raise UnreadableScanError("truncated or damaged compressed pixels")
            position += length
        raise UnreadableScanError("truncated: the compressed pixels have no end")

    def element(self, position: int, end: int, *, implicit: bool) -> _Element:
        """Read the head of an element."""
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise UnreadableScanError(f"more than {MAX_ELEMENTS} elements")
        tag = self.tag(position, end)
        if tag >> 16 == 0xFFFE:
            raise UnreadableScanError("an item outside of a sequence")
        if implicit:
            length = self._length(position + 4, end)
            vr = _implied_vr(tag, undefined=length == _UNDEFINED)
            return _Element(tag, vr, position + 8, length)
        vr = self.content[position + 4 : position + 6]
        if vr in _LONG:
            return _Element(tag, vr, position + 12, self._length(position + 8, end))
        if vr not in _SHORT or position + 8 > end:
            raise UnreadableScanError("an element of an unknown type")
        length = self._short.unpack_from(self.content, position + 6)[0]
        return _Element(tag, vr, position + 8, length)

    def end_of(self, element: _Element, end: int) -> int:
        """Return where an element of known length ends."""
        stop = element.start + element.length
        if stop > end:
            raise UnreadableScanError(_BEYOND)
        return stop

    def tag(self, position: int, end: int) -> int:
        """Read a tag as one number."""
        if position + 8 > end:
            raise UnreadableScanError(_BEYOND)
        group, number = self._tag.unpack_from(self.content, position)
        return int(group) << 16 | int(number)

    def _length(self, position: int, end: int) -> int:
        if position + 4 > end:
            raise UnreadableScanError(_BEYOND)
        return int(self._long.unpack_from(self.content, position)[0])

    def _open_item(self, start: int, end: int, *, implicit: bool, depth: int) -> int:
        position = start
        while position < end:
            if self.tag(position, end) == _ITEM_END:
                return position + 8
            element = self.element(position, end, implicit=implicit)
            position = self.contents(element, end, implicit=implicit, depth=depth)
        raise UnreadableScanError("truncated: an item has no end")

    def _is_padding(self, position: int) -> bool:
        """Return whether only zeros follow, as some systems append."""
        return not self.content[position : position + 8].strip(b"\0") and (
            self.content.count(0, position) == len(self.content) - position
        )


_BEYOND = "truncated, or an element reaches beyond its place"


def _implied_vr(tag: int, *, undefined: bool) -> bytes:
    """Return "SQ" where the dictionary says so; else a type that is not looked into."""
    if undefined:
        return b"SQ"
    try:
        return b"SQ" if dictionary_VR(tag) == "SQ" else b"UN"
    except KeyError:
        return b"UN"
