"""What an image file says of itself, read before anything is decoded.

Decoders are trusting: they fill up what is missing, take the first frame of an animation,
and allocate whatever size a header claims. So the structure is walked here first, which
takes some 20 microseconds, and needs no process-wide warning filter as Pillow does.

References:
    PNG: ISO/IEC 15948:2004, 11.2 (chunks); APNG: W3C PNG 3rd edition, `acTL`.
    JPEG: ITU-T T.81 (1992), annex B (markers).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.tiff import BIGTIFF_MAGICS, TIFF_MAGICS, TiffPage, read_pages

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_JPEG_MAGIC = b"\xff\xd8"

# Frame headers: C0 to CF without DHT (C4), JPG (C8) and DAC (CC).
_JPEG_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})

_ENDS_EARLY = "truncated or damaged: the file ends before its structure does"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """The structure of one image file.

    Attributes:
        width_px: Columns, at least 1.
        height_px: Rows, at least 1.
        frames: Pictures in the file.
        format: Which of the three formats the content has, whatever its name says.
        tiff: How a TIFF stores its pixels; None for other formats.
    """

    width_px: int
    height_px: int
    frames: int
    format: Literal["PNG", "JPEG", "TIFF"]
    tiff: TiffPage | None = None


def read_header(content: bytes) -> ImageHeader:
    """Walk the structure of a PNG, JPEG or TIFF file.

    Args:
        content: The whole file.

    Returns:
        What the file claims; its end has been seen.

    Raises:
        UnreadableScanError: If the content is empty, of another format, truncated, or of
            a kind that decoders do not agree about. The message leaves out the file.
    """
    if not content:
        raise UnreadableScanError("empty: the file has no bytes")
    try:
        header = _read_any(content)
    except (struct.error, IndexError) as error:
        raise UnreadableScanError(_ENDS_EARLY) from error
    if header.width_px < 1 or header.height_px < 1:
        raise UnreadableScanError(
            f"damaged header: {header.width_px} x {header.height_px} pixels"
        )
    return header


def _read_any(content: bytes) -> ImageHeader:
    if content.startswith(_PNG_MAGIC):
        return _read_png(content)
    if content.startswith(_JPEG_MAGIC):
        return _read_jpeg(content)
    if content.startswith(TIFF_MAGICS):
        return _read_tiff(content)
    if content.startswith(BIGTIFF_MAGICS):
        raise UnreadableScanError("BigTIFF is not supported: save it as a plain TIFF")
    raise UnreadableScanError("not an image (PNG, JPEG or TIFF)")


def _read_png(content: bytes) -> ImageHeader:
    if content[12:16] != b"IHDR":
        raise UnreadableScanError("damaged header: a PNG starts with IHDR")
    width_px, height_px = struct.unpack_from(">II", content, 16)
    frames, position, kind = 1, len(_PNG_MAGIC), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", content, position + 8)
        position += 12 + length
    if position > len(content):
        raise UnreadableScanError(_ENDS_EARLY)
    return ImageHeader(
        width_px=width_px, height_px=height_px, frames=frames, format="PNG"
    )


def _read_jpeg(content: bytes) -> ImageHeader:
    position, marker = len(_JPEG_MAGIC), 0
    height_px = width_px = 0
    while marker != 0xDA:  # start of scan: pixels follow
        if content[position] != 0xFF or content[position + 1] == 0xD9:
            raise UnreadableScanError("damaged header: a marker was expected")
        marker = content[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _JPEG_WITHOUT_LENGTH:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", content, position + 2)
        if marker in _JPEG_FRAME_HEADERS:
            height_px, width_px = struct.unpack_from(">HH", content, position + 5)
        position += 2 + length
    # Inside the scan FF is always followed by 00, so FF D9 can only be the end.
    if content.find(b"\xff\xd9", position) < 0:
        raise UnreadableScanError("truncated: the end marker is missing")
    return ImageHeader(width_px=width_px, height_px=height_px, frames=1, format="JPEG")


def _read_tiff(content: bytes) -> ImageHeader:
    page, frames = read_pages(content)
    return ImageHeader(
        width_px=page.width_px,
        height_px=page.height_px,
        frames=frames,
        format="TIFF",
        tiff=page,
    )
