"""Uncompressed pixel data as an array, and back."""

from __future__ import annotations

import sys
from typing import Any

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
from tumorscope.deid.pixels.stored_pixels import StoredPixels

_ROWS, _COLUMNS, _SAMPLES, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
_ALLOCATED, _STORED, _HIGH = 0x00280100, 0x00280101, 0x00280102
_SIGNED, _PHOTOMETRIC, _PLANAR = 0x00280103, 0x00280004, 0x00280006
_SHOWN = {"MONOCHROME1": 1, "MONOCHROME2": 1, "RGB": 3}
"""Photometric interpretations that are understood, and their samples."""


def read_frames(elements: DataSet, order: str) -> StoredPixels:
    """Return the frames of a data set.

    Args:
        elements: A data set whose spare bits were cleared.
        order: Byte order, "little" or "big".

    Raises:
        MalformedFileError: "compressed-pixels", or "unsupported-pixels" for what is no
            gray or RGB image of whole bytes.
    """
    value = next((one.value for one in elements if one.tag == PIXEL_DATA), None)
    if isinstance(value, Encapsulated):
        raise MalformedFileError("compressed-pixels")
    bits = number_of(elements, _ALLOCATED, order, absent=16)
    stored = number_of(elements, _STORED, order, absent=bits)
    photometric = text_of(elements, _PHOTOMETRIC)
    samples = number_of(elements, _SAMPLES, order, absent=1)
    is_whole = number_of(elements, _HIGH, order, absent=stored - 1) == stored - 1
    if (
        not isinstance(value, bytes)
        or bits not in {8, 16, 32}
        or _SHOWN.get(photometric) != samples
        or not (is_whole and 0 < stored <= bits)
    ):
        raise MalformedFileError("unsupported-pixels")
    sign = "i" if number_of(elements, _SIGNED, order, absent=0) else "u"
    kind = np.dtype(f"{'>' if order == 'big' else '<'}{sign}{bits // 8}")
    shape = _shape(elements, order, samples)
    if 0 in shape or len(value) < int(np.prod(shape)) * kind.itemsize:
        raise MalformedFileError("pixel-length")
    flat = np.frombuffer(value, dtype=kind, count=int(np.prod(shape)))
    frames = flat.reshape(shape)
    if _is_planar(elements, order, samples):
        frames = np.moveaxis(frames, 1, 3)
    return StoredPixels(
        frames=frames.astype(kind.newbyteorder("=")),
        bits_stored=stored,
        is_inverted=photometric == "MONOCHROME1",
    )


def write_frames(elements: DataSet, pixels: StoredPixels, order: str) -> DataSet:
    """Return the data set with other frames of the same shape and type.

    Args:
        elements: What `read_frames` was given.
        pixels: The new frames.
        order: Byte order, "little" or "big".
    """
    frames: NDArray[Any] = pixels.frames
    if _is_planar(elements, order, 3 if frames.ndim == 4 else 1):
        frames = np.moveaxis(frames, 3, 1)
    if order != sys.byteorder:
        frames = frames.byteswap()
    content = np.ascontiguousarray(frames).tobytes()
    content += bytes(len(content) % 2)
    return tuple(
        Element(one.tag, one.vr, content) if one.tag == PIXEL_DATA else one
        for one in elements
    )


def _is_planar(elements: DataSet, order: str, samples: int) -> bool:
    return samples == 3 and number_of(elements, _PLANAR, order, absent=0) == 1


def _shape(elements: DataSet, order: str, samples: int) -> tuple[int, ...]:
    text = text_of(elements, _FRAMES) or "1"
    count = int(text) if text.isdigit() else 1
    rows = number_of(elements, _ROWS, order, absent=0)
    columns = number_of(elements, _COLUMNS, order, absent=0)
    if samples == 1:
        return count, rows, columns
    if _is_planar(elements, order, samples):
        return count, samples, rows, columns
    return count, rows, columns, samples
