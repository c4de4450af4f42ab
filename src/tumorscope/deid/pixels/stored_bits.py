"""Spare room in pixel data: bits above those that are stored, bytes behind the last.

Old scanners drew overlays, names among them, into the upper bits of a pixel. Viewers do
not show them, and readers that mask nothing keep them.

References:
    DICOM PS3.5, section 8.1.1; PS3.3, C.9.2 (retired embedded overlays).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.elements import (
    PIXEL_DATA,
    DataSet,
    Element,
    Encapsulated,
    MalformedFileError,
    number_of,
    text_of,
)

_ROWS, _COLUMNS, _SAMPLES, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
_ALLOCATED, _STORED, _HIGH = 0x00280100, 0x00280101, 0x00280102
_REPRESENTATION, _PHOTOMETRIC = 0x00280103, 0x00280004
_OVERLAY_BIT = 0x0102


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    bits: int
    stored: int
    high: int
    is_signed: bool
    n_bytes: int


def clear_spare_bits(elements: DataSet, order: str) -> tuple[DataSet, bool]:
    """Return a data set whose pixels hold nothing but pixels.

    Args:
        elements: A data set; without pixel data it is returned as it is.
        order: Byte order, "little" or "big".

    Returns:
        The data set, and whether anything was cleared.

    Raises:
        MalformedFileError: If there are fewer pixels than rows, columns and frames say,
            or compressed pixels come with an embedded overlay.
    """
    pixels = next((one for one in elements if one.tag == PIXEL_DATA), None)
    if pixels is None:
        return elements, False
    if isinstance(pixels.value, Encapsulated):
        if any(_is_embedded_overlay(one) for one in elements):
            raise MalformedFileError("embedded-overlay")
        return elements, False
    if not isinstance(pixels.value, bytes):
        raise MalformedFileError("bad-item")
    value = _cleared(pixels.value, _layout(elements, order), order)
    if value == pixels.value:
        return elements, False
    new = Element(pixels.tag, pixels.vr, value)
    return tuple(new if one.tag == PIXEL_DATA else one for one in elements), True


def _layout(elements: DataSet, order: str) -> _Layout:
    def read(tag: int, absent: int) -> int:
        return number_of(elements, tag, order, absent=absent)

    bits = read(_ALLOCATED, 16)
    frames = text_of(elements, _FRAMES) or "1"
    count = int(frames) if frames.isdigit() else 1
    samples = count * read(_ROWS, 0) * read(_COLUMNS, 0) * read(_SAMPLES, 1)
    total_bits = samples * bits
    if text_of(elements, _PHOTOMETRIC) == "YBR_FULL_422":
        total_bits = total_bits * 2 // 3
    stored = read(_STORED, bits)
    return _Layout(
        bits=bits,
        stored=stored,
        high=read(_HIGH, stored - 1),
        is_signed=read(_REPRESENTATION, 0) == 1,
        n_bytes=(total_bits + 7) // 8,
    )


def _cleared(value: bytes, layout: _Layout, order: str) -> bytes:
    if not 0 < layout.n_bytes <= len(value):
        raise MalformedFileError("pixel-length")
    kept = value[: layout.n_bytes]
    if layout.bits in {8, 16, 32} and layout.stored < layout.bits:
        kept = _masked(kept, layout, order)
    return kept + bytes(len(kept) % 2)


def _masked(value: bytes, layout: _Layout, order: str) -> bytes:
    """Set the bits outside the stored ones to zero, or to the sign where there is one."""
    kind = f"{'>' if order == 'big' else '<'}u{layout.bits // 8}"
    pixels: NDArray[np.unsignedinteger] = np.frombuffer(value, dtype=kind)
    lowest = max(layout.high - layout.stored + 1, 0)
    mask = ((1 << layout.stored) - 1) << lowest
    masked = pixels & np.asarray(mask, dtype=kind)
    if layout.is_signed and lowest == 0:
        sign = np.asarray(1 << (layout.stored - 1), dtype=kind)
        above = np.asarray(((1 << layout.bits) - 1) & ~mask, dtype=kind)
        masked = np.where(masked & sign, masked | above, masked)
    if np.array_equal(masked, pixels):
        return value
    return np.ascontiguousarray(masked, dtype=kind).tobytes()


def _is_embedded_overlay(element: Element) -> bool:
    is_overlay = element.tag >> 24 == 0x60 and element.tag & 0xFFFF == _OVERLAY_BIT
    return is_overlay and element.value not in {b"\0\0", b""}
