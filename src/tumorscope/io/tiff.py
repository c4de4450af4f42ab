"""TIFF files: their structure, and the pixels of the plain deflated kind.

The TIFF library stops inflating as soon as it has enough pixels, so that it never looks at
a checksum. Here every deflated strip is inflated to its end, which checks it, and the
bytes are the pixels already; other kinds are left to a decoder.

References:
    TIFF revision 6.0 (Adobe, 1992), sections 2, 8 and 14 (horizontal differencing).
    Adobe Photoshop TIFF Technical Notes (2002): compression 8, deflate.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import UnreadableScanError

TIFF_MAGICS = (b"II*\x00", b"MM\x00*")
BIGTIFF_MAGICS = (b"II+\x00", b"MM\x00+")
_Fields = dict[int, tuple[int, tuple[int, ...]]]

# Bytes of one value of each field type.
_TYPE_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4
}  # fmt: skip
_INTEGERS = {1: "B", 3: "H", 4: "I"}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_BYTES = 273, 274, 277, 278, 279
_PLANAR, _PREDICTOR = 284, 317
_TILE_OFFSETS, _TILE_BYTES, _SAMPLE_FORMAT = 324, 325, 339
_WANTED = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _ORIENTATION}
    | {_SAMPLES, _ROWS, _STRIP_BYTES, _PLANAR, _PREDICTOR}
    | {_TILE_OFFSETS, _TILE_BYTES, _SAMPLE_FORMAT}
)
_DEFLATE = (8, 32946)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
# Those two, RGB, palette, CMYK, YCbCr.
_PHOTOMETRICS = (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, 3, 5, 6)
_DIFFERENCED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffPage:
    """How one page stores its pixels.

    Attributes:
        width_px: Columns.
        height_px: Rows.
        bits: Bits of one sample: 1, 2, 4, 8 or 16.
        samples: Samples of one pixel.
        byte_order: As `struct` writes it.
        orientation_offset: Byte where the orientation (16 bit) is kept; None if nowhere.
        deflated: Whether the segments are deflated.
        plain: Whether the segments are strips of grey or RGB rows, 8 or 16 bit.
        differenced: Whether a sample is stored as the difference to its left neighbor.
        rows_per_strip: Rows of each strip but the last.
        segments: Offset and length in bytes of each strip or tile.
    """

    width_px: int
    height_px: int
    bits: int
    samples: int
    byte_order: Literal["<", ">"]
    orientation_offset: int | None
    deflated: bool
    plain: bool
    differenced: bool
    rows_per_strip: int
    segments: tuple[tuple[int, int], ...]


def read_pages(content: bytes) -> tuple[TiffPage, int]:
    """Walk the pages of a TIFF file.

    Args:
        content: The whole file.

    Returns:
        The first page, and the number of pages.

    Raises:
        UnreadableScanError: If the structure is damaged, or of a kind that decoders read
            in different ways.
        struct.error: If the file ends inside its structure.
    """
    order: Literal["<", ">"] = "<" if content.startswith(b"II") else ">"
    (first,) = struct.unpack_from(f"{order}I", content, 4)
    fields, following = _read_directory(content, order, first)
    seen = {first}
    while following:
        if following in seen:
            raise UnreadableScanError("damaged header: its pages form a circle")
        seen.add(following)
        _, following = _read_directory(content, order, following)
    return _page(content, order, fields), len(seen)


def inflate(content: bytes, page: TiffPage) -> list[bytes]:
    """Return the inflated strips or tiles of a deflated page, each checked (Adler-32).

    Args:
        content: The whole file.
        page: Its page; the caller has checked the size against the limit.

    Raises:
        UnreadableScanError: If one cannot be inflated, or its checksum differs.
    """
    # What all of them may need together, padded tiles included: a zip bomb ends here.
    left = 8 * (page.width_px + 1024) * (page.height_px + 1024)
    parts = []
    for offset, length in page.segments:
        inflater = zlib.decompressobj()
        try:
            part = inflater.decompress(content[offset : offset + length], left)
        except zlib.error as error:
            raise UnreadableScanError(f"damaged pixel data: {error}") from error
        left -= len(part)
        if not inflater.eof or left < 1:
            raise UnreadableScanError(
                "damaged: a deflated strip has no end, or is a bomb"
            )
        parts.append(part)
    return parts


def plain_pixels(strips: list[bytes], page: TiffPage) -> NDArray[Any]:
    """Return the pixels of a plain page.

    Args:
        strips: The inflated strips.
        page: Its page, with `plain` set.

    Returns:
        Shape (height, width) or (height, width, 3) in RGB order, uint8 or uint16.

    Raises:
        UnreadableScanError: If a strip holds too few bytes.
    """
    row_bytes = page.width_px * page.samples * page.bits // 8
    rows = []
    for index, strip in enumerate(strips):
        first = index * page.rows_per_strip
        expected = min(page.rows_per_strip, page.height_px - first) * row_bytes
        if len(strip) < expected:
            raise UnreadableScanError("truncated: a strip holds too few bytes")
        rows.append(strip[: max(expected, 0)])
    joined = b"".join(rows)
    if len(joined) != page.height_px * row_bytes:
        raise UnreadableScanError("truncated: strips are missing")
    stored = np.frombuffer(joined, np.dtype(f"{page.byte_order}u{page.bits // 8}"))
    pixels = stored.astype(stored.dtype.newbyteorder("="))
    pixels = pixels.reshape(page.height_px, page.width_px, page.samples)
    if page.differenced:
        pixels = np.cumsum(pixels, axis=1, dtype=pixels.dtype)
    return pixels[..., 0] if page.samples == 1 else pixels


def without_orientation(content: bytes, page: TiffPage) -> bytes:
    """Return the file so that decoders leave rows and columns as they are stored."""
    offset = page.orientation_offset
    if offset is None:
        return content
    upright = struct.pack(f"{page.byte_order}H", 1)
    return content[:offset] + upright + content[offset + len(upright) :]


def _read_directory(content: bytes, order: str, position: int) -> tuple[_Fields, int]:
    """Return offset and values of the wanted fields, and where the next page starts."""
    (count,) = struct.unpack_from(f"{order}H", content, position)
    fields: _Fields = {}
    entry = position + 2
    for _ in range(count):
        tag, kind, values = struct.unpack_from(f"{order}HHI", content, entry)
        size = _TYPE_BYTES.get(kind, 0) * values
        at = entry + 8
        if size > 4:
            (at,) = struct.unpack_from(f"{order}I", content, at)
        if at + size > len(content):
            raise UnreadableScanError(
                "truncated or damaged: the file ends before its structure does"
            )
        if tag in _WANTED and kind in _INTEGERS:
            form = f"{order}{values}{_INTEGERS[kind]}"
            fields[tag] = (at, struct.unpack_from(form, content, at))
        entry += 12
    (following,) = struct.unpack_from(f"{order}I", content, entry)
    return fields, following


def _page(content: bytes, order: Literal["<", ">"], fields: _Fields) -> TiffPage:
    bits = _bits(fields)
    samples = _first(fields, _SAMPLES, 1)
    height_px = _first(fields, _HEIGHT, 0)
    kind = (_first(fields, _PHOTOMETRIC, _BLACK_IS_ZERO), samples)
    predictor = _first(fields, _PREDICTOR, 1)
    plain = (
        kind in {(_BLACK_IS_ZERO, 1), (_RGB, 3)}
        and bits >= 8
        and _TILE_OFFSETS not in fields
        and _first(fields, _PLANAR, 1) == 1
        and predictor in {1, _DIFFERENCED}
    )
    return TiffPage(
        width_px=_first(fields, _WIDTH, 0),
        height_px=height_px,
        bits=bits,
        samples=samples,
        byte_order=order,
        orientation_offset=fields[_ORIENTATION][0] if _ORIENTATION in fields else None,
        deflated=_first(fields, _COMPRESSION, 1) in _DEFLATE,
        plain=plain,
        differenced=predictor == _DIFFERENCED,
        rows_per_strip=_first(fields, _ROWS, height_px),
        segments=_segments(content, fields),
    )


def _first(fields: _Fields, tag: int, absent: int) -> int:
    values = fields[tag][1] if tag in fields else ()
    return values[0] if values else absent


def _bits(fields: _Fields) -> int:
    """Return the bits of a sample; refuse what decoders read in different ways."""
    kinds = set(fields[_SAMPLE_FORMAT][1]) if _SAMPLE_FORMAT in fields else {1}
    if not kinds <= {1, 4}:
        raise UnreadableScanError(
            "depth is signed or floating point; use unsigned 8 or 16 bit"
        )
    depths = set(fields[_BITS][1]) if _BITS in fields else {1}
    if len(depths) != 1 or not depths <= {1, 2, 4, 8, 16}:
        raise UnreadableScanError(
            f"depth {sorted(depths)} bit is not supported; use 8 or 16 bit"
        )
    bits = depths.pop()
    photometric = _first(fields, _PHOTOMETRIC, _BLACK_IS_ZERO)
    if photometric not in _PHOTOMETRICS:
        raise UnreadableScanError(
            f"TIFF color space {photometric} is not supported; use grey or RGB"
        )
    if bits == 16 and photometric == _WHITE_IS_ZERO:
        raise UnreadableScanError(
            "16 bit with white as zero is read in different ways; save it with black "
            "as zero"
        )
    return bits


def _segments(content: bytes, fields: _Fields) -> tuple[tuple[int, int], ...]:
    """Return offset and length of each strip or tile; refuse those outside the file."""
    tiled = _TILE_OFFSETS in fields
    offsets = fields.get(_TILE_OFFSETS if tiled else _STRIP_OFFSETS, (0, ()))[1]
    lengths = fields.get(_TILE_BYTES if tiled else _STRIP_BYTES, (0, ()))[1]
    if not offsets or len(offsets) != len(lengths):
        raise UnreadableScanError("damaged header: the strips or tiles are not listed")
    segments = tuple(zip(offsets, lengths, strict=True))
    if any(offset + length > len(content) for offset, length in segments):
        raise UnreadableScanError(
            "truncated: pixel data lie behind the end of the file"
        )
    return segments
