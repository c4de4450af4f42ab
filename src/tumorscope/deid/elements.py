"""A DICOM data set as nested tuples: what is read is all there is, nothing is lazy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

PIXEL_DATA = 0x7FE00010
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, PIXEL_DATA)
"""Float, double and integer pixels; only private and closing elements follow them."""
UNDEFINED_LENGTH = 0xFFFFFFFF
LONG_VRS = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
SHORT_VRS = frozenset(
    (
        *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT"),
        *("PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"),
    )
)
TEXT_VRS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
NUMBER_TEXT_VRS = frozenset(("DS", "IS"))
DATE_VRS = frozenset(("DA", "DT", "TM"))


class Encapsulated(NamedTuple):
    """Compressed pixels: the offset table and the fragments behind it, as they stand."""

    fragments: tuple[bytes, ...]


class Element(NamedTuple):
    """One data element.

    Attributes:
        tag: Group and element number in one, 0xGGGGEEEE.
        vr: Value representation, two letters.
        value: Bytes as in the file, items of a sequence, or compressed pixels.
    """

    tag: int
    vr: str
    value: Value


Value: TypeAlias = "bytes | tuple[tuple[Element, ...], ...] | Encapsulated"
DataSet: TypeAlias = "tuple[Element, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How elements become bytes.

    Attributes:
        is_implicit: Whether value representations are left out.
        is_big_endian: Byte order.
    """

    is_implicit: bool = False
    is_big_endian: bool = False


EXPLICIT_LITTLE = Encoding()


class MalformedFileError(Exception):
    """A file that cannot be read without a doubt; the reason is a code, never a value.

    It does not derive from the project's tree: it ends inside this package, as a file
    in quarantine.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def text_of(elements: DataSet, tag: int) -> str:
    """Return an ASCII value without padding; empty where it is absent or no text."""
    for element in elements:
        if element.tag == tag and isinstance(element.value, bytes):
            return element.value.decode("ascii", "replace").strip(" \0")
    return ""


def number_of(elements: DataSet, tag: int, order: str, *, absent: int) -> int:
    """Return an unsigned 16-bit value, or `absent`.

    Args:
        elements: Where it stands.
        tag: Which it is.
        order: Byte order, "little" or "big".
        absent: What to return where it is missing or of another length.
    """
    for element in elements:
        if element.tag == tag and isinstance(element.value, bytes):
            if len(element.value) != 2:
                return absent
            return int.from_bytes(element.value, "big" if order == "big" else "little")
    return absent
