"""What a file says of itself, apart from the picture in it.

A model never sees these traits, but it sees what goes with them: compression leaves blocks,
another matrix leaves another sharpness. If they go with the label, so does the picture.
Texts inside a file (names, dates, comments) are never kept, only how long they are.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_TIFF = {b"II*\x00": "<", b"MM\x00*": ">"}
_PNG_MODES = {0: "grey", 2: "color", 3: "palette", 4: "grey+alpha", 6: "color+alpha"}
_PNG_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_TIFF_MODES = {0: "grey, inverted", 1: "grey", 2: "color", 3: "palette", 6: "YCbCr"}
_TIFF_BITS, _TIFF_COMPRESSION, _TIFF_PHOTOMETRIC, _TIFF_SAMPLES = 258, 259, 262, 277
_TIFF_ROWS, _TIFF_PREDICTOR, _TIFF_SHORT = 278, 317, 3
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_START_OF_SCAN, _TABLES, _COMMENT = 0xDA, 0xDB, 0xFE
_DIGEST_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTraits:
    """The traits of one slice's file.

    Attributes:
        format: "PNG", "JPEG" or "TIFF", by content.
        mode: Kind of pixels as stored, e.g. "grey" or "color+alpha".
        bits: Bits of one sample.
        height_px: Rows.
        width_px: Columns.
        file_bytes: Size of the file. It depends on the picture too: more head, more bytes.
        compression: How pixels are packed, with what a writer chooses about it (TIFF
            compression, predictor, rows of a strip and number of tags; PNG interlacing; JPEG progressive
            or not, and subsampling).
        jpeg_tables: Twelve hex digits of the SHA-256 of the quantization tables; empty
            where the file is no JPEG.
        jpeg_step: Mean step of the first quantization table, in [1, 255]: coarse is
            strong compression. NaN where the file is no JPEG.
        density: Pixel density as stored, numbers only; empty where it says none.
        extra_bytes: Bytes of metadata: comments, profiles, EXIF.
        is_grey_in_color: Whether the picture has channels that are all the same.
    """

    format: str
    mode: str
    bits: int
    height_px: int
    width_px: int
    file_bytes: int
    compression: str
    jpeg_tables: str
    jpeg_step: float
    density: str
    extra_bytes: int
    is_grey_in_color: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    format: str
    mode: str
    bits: int
    compression: str
    jpeg_tables: str = ""
    jpeg_step: float = float("nan")
    density: str = ""
    extra_bytes: int = 0


def traits_of(content: bytes, pixels: NDArray[Any]) -> SliceTraits:
    """Read the traits of one file.

    Args:
        content: The whole file: PNG, JPEG or TIFF.
        pixels: What it decodes to, shape (height, width) or (height, width, 3).

    Returns:
        Numbers and short words; nothing that a person wrote into the file.

    Raises:
        DataError: If the content is of another format, or ends inside its header.
    """
    try:
        header = _read_header(content)
    except (struct.error, IndexError) as error:
        raise DataError(
            "the header of an image file ends early: read the file with the importer "
            "first, which names it and leaves it out"
        ) from error
    return SliceTraits(
        format=header.format,
        mode=header.mode,
        bits=header.bits,
        height_px=int(pixels.shape[0]),
        width_px=int(pixels.shape[1]),
        file_bytes=len(content),
        compression=header.compression,
        jpeg_tables=header.jpeg_tables,
        jpeg_step=header.jpeg_step,
        density=header.density,
        extra_bytes=header.extra_bytes,
        is_grey_in_color=pixels.ndim == 3 and bool((pixels == pixels[..., :1]).all()),
    )


def _read_header(content: bytes) -> _Header:
    if content.startswith(_PNG):
        return _read_png(content)
    if content.startswith(_JPEG):
        return _read_jpeg(content)
    if content[:4] in _TIFF:
        return _read_tiff(content, _TIFF[content[:4]])
    raise DataError("file traits can be read from PNG, JPEG and TIFF files only")


def _read_png(content: bytes) -> _Header:
    bits, color, interlaced = struct.unpack_from(">BB2xB", content, 24)
    extra, density, position = 0, "", len(_PNG)
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind not in _PNG_PIXEL_CHUNKS:
            extra += length
        if kind == b"pHYs":
            density = "x".join(
                map(str, struct.unpack_from(">IIB", content, position + 8))
            )
        position += 12 + length
    return _Header(
        format="PNG",
        mode=_PNG_MODES.get(color, "unknown"),
        bits=bits,
        compression="interlaced" if interlaced else "deflate",
        density=density,
        extra_bytes=extra,
    )


def _read_jpeg(content: bytes) -> _Header:
    tables, extra, density = b"", 0, ""
    bits, components, progressive, sampling = 8, 0, False, b""
    for marker, payload in _jpeg_segments(content):
        if marker == _TABLES:
            tables += payload
        elif marker in _FRAME_MARKERS:
            bits, components = payload[0], payload[5]
            sampling = payload[7::3][:components]
            progressive = marker in _PROGRESSIVE
        elif marker == 0xE0 and payload.startswith(b"JFIF\0"):
            density = "x".join(map(str, struct.unpack_from(">BHH", payload, 7)))
        elif marker == _COMMENT or 0xE0 <= marker <= 0xEF:
            extra += len(payload)
    kind = "progressive" if progressive else "baseline"
    return _Header(
        format="JPEG",
        mode="grey" if components == 1 else "color",
        bits=bits,
        compression=f"{kind} {sampling.hex('/')}",
        jpeg_tables=hashlib.sha256(tables).hexdigest()[:_DIGEST_LENGTH],
        jpeg_step=_mean_step(tables),
        density=density,
        extra_bytes=extra,
    )


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and payload of every segment before the pixels."""
    position, marker = len(_JPEG), 0
    while marker != _START_OF_SCAN:
        marker = content[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without length
            position += 2
            continue
        (length,) = struct.unpack_from(">H", content, position + 2)
        yield marker, content[position + 4 : position + 2 + length]
        position += 2 + max(length, 2)


def _mean_step(tables: bytes) -> float:
    if not tables:
        return float("nan")
    is_wide = tables[0] >> 4
    first = np.frombuffer(
        tables[1 : 129 if is_wide else 65], ">u2" if is_wide else "u1"
    )
    return float(first.mean()) if first.size else float("nan")


def _read_tiff(content: bytes, order: str) -> _Header:
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, start)
    values: dict[int, int] = {}
    for entry in range(count):
        at = start + 2 + 12 * entry
        tag, kind, size = struct.unpack_from(f"{order}HHI", content, at)
        values[tag] = _tiff_value(content, order, at + 8, (kind, size))
    mode = _TIFF_MODES.get(values.get(_TIFF_PHOTOMETRIC, 1), "unknown")
    packing = [values.get(tag, 1) for tag in (_TIFF_COMPRESSION, _TIFF_PREDICTOR)]
    return _Header(
        format="TIFF",
        mode=f"{mode} x{values.get(_TIFF_SAMPLES, 1)}",
        bits=values.get(_TIFF_BITS, 1),
        compression=(
            f"{packing[0]}/{packing[1]}/{values.get(_TIFF_ROWS, 0)}, {count} tags"
        ),
    )


def _tiff_value(content: bytes, order: str, at: int, kind: tuple[int, int]) -> int:
    """Return the first value of a field of shorts; the 32 bits of any other field."""
    is_short = kind[0] == _TIFF_SHORT
    if is_short and kind[1] > 2:  # the field holds where its values are
        (at,) = struct.unpack_from(f"{order}I", content, at)
    return int(struct.unpack_from(f"{order}{'H' if is_short else 'I'}", content, at)[0])
