"""Compressed pixels of a DICOM file, decoded. Runs in a sandbox.

The data set is rewritten by our own reader and writer: nothing but pixels, and the syntax
they are written in, is changed.
"""

from __future__ import annotations

import numpy as np

from tumorscope.deid.elements import (
    EXPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Encapsulated,
    MalformedFileError,
    text_of,
)
from tumorscope.deid.reading import EXPLICIT_LITTLE_UID, DicomFile, read_dicom
from tumorscope.deid.writing import write_dicom
from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom.pixels import read_pixels
from tumorscope.io.scan_files import ScanFile

_FRAMES, _SOP_CLASS, _SOP_INSTANCE = 0x00280008, 0x00080016, 0x00080018


def is_compressed(content: bytes) -> bool:
    """Return whether the pixels of a file are compressed.

    Raises:
        MalformedFileError: If it cannot be read.
    """
    return _has_fragments(read_dicom(content))


def decompress(content: bytes, file: ScanFile) -> bytes:
    """Return a file with its pixels as plain numbers, Explicit VR Little Endian.

    Args:
        content: The file.
        file: Where it lies.

    Raises:
        MalformedFileError: "compressed-pixels" where they cannot be decoded.
    """
    read = read_dicom(content)
    text = text_of(read.elements, _FRAMES) or "1"
    try:
        pixels = read_pixels(file, list(range(int(text))))
    except (UnreadableScanError, ValueError, RuntimeError, NotImplementedError):
        raise MalformedFileError("compressed-pixels") from None
    plain = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()
    kind = "OW" if pixels.dtype.itemsize > 1 else "OB"
    elements = tuple(
        Element(one.tag, kind, plain + bytes(len(plain) % 2))
        if one.tag == PIXEL_DATA
        else one
        for one in read.elements
    )
    return write_dicom(
        elements,
        EXPLICIT_LITTLE,
        transfer_syntax=EXPLICIT_LITTLE_UID,
        sop_class=text_of(elements, _SOP_CLASS),
        sop_instance=text_of(elements, _SOP_INSTANCE),
    )


def read_plain(content: bytes, file: ScanFile) -> DicomFile:
    """Return a data set whose pixels are not compressed, or no longer.

    Args:
        content: The file.
        file: Where it lies.

    Raises:
        MalformedFileError: If it cannot be read or decoded.
    """
    read = read_dicom(content)
    return read_dicom(decompress(content, file)) if _has_fragments(read) else read


def _has_fragments(read: DicomFile) -> bool:
    return any(
        one.tag == PIXEL_DATA and isinstance(one.value, Encapsulated)
        for one in read.elements
    )
