"""PNG, JPEG and TIFF: metadata go, pixels stay bit for bit.

PNG and JPEG are taken apart and only the parts that draw the picture are put together
again, so that nothing is lost by compressing twice. A TIFF points anywhere within
itself: its pixels are decoded and written anew, without loss.

References:
    PNG, third edition, section 11; ITU-T T.81, annex B; TIFF 6.0.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

from PIL import Image, ImageSequence, UnidentifiedImageError

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.outcome import Deidentified

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sBIT", b"gAMA"))
_JPEG = b"\xff\xd8\xff"
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_ADOBE = b"Adobe"
_ADOBE_BYTES = 12
_APP0, _APP14, _APP15, _COMMENT = 0xE0, 0xEE, 0xEF, 0xFE
_START_OF_SCAN, _END = 0xDA, 0xD9
_TIFF_MODES = frozenset(("1", "L", "P", "RGB", "RGBA", "I;16", "I", "F", "LA"))
Counts = dict[tuple[str, str], int]


def deidentify_picture(
    content: bytes, keys: PatientKeys, tokens: IdentityTokens, *, name: str
) -> Deidentified:
    """Return a picture without metadata.

    Args:
        content: The file; what it is, is read from it and not from its name.
        keys: The patient's replacements.
        tokens: What is known of the patient.
        name: Path of the source below the input, without ending.

    Raises:
        MalformedFileError: If it is damaged, or still holds a text known of the patient.
    """
    kinds = [one for one in _KINDS if content.startswith(one[0])]
    if not kinds:
        raise MalformedFileError("unknown-kind")
    _, ending, clean = kinds[0]
    cleaned, counts = clean(content)
    if tokens.stand_in_file(cleaned):
        raise MalformedFileError("identifier-left")
    return Deidentified(
        content=cleaned,
        folders=(),
        name=keys.name_file("picture", name) + ending,
        counts=counts,
        group="pictures",
    )


def is_picture(content: bytes) -> bool:
    """Return whether a file starts as a PNG, JPEG or TIFF does."""
    return any(content.startswith(magic) for magic, _, _ in _KINDS)


def _clean_png(content: bytes) -> tuple[bytes, Counts]:
    kept, counts = [_PNG], Counts()
    for kind, chunk in _png_chunks(content):
        if kind in _PNG_KEPT:
            kept.append(chunk)
        else:
            told = "PNG chunks that draw nothing", "X"
            counts[told] = counts.get(told, 0) + 1
    return b"".join(kept), counts


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk up to the end of the picture, its checksum verified."""
    at = len(_PNG)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">L4s", content, at)
        end = at + 12 + length
        if end > len(content):
            break
        body, checksum = content[at + 4 : end - 4], content[end - 4 : end]
        if zlib.crc32(body).to_bytes(4, "big") != checksum:
            raise MalformedFileError("bad-picture")
        yield kind, content[at:end]
        if kind == b"IEND":
            return
        at = end
    raise MalformedFileError("truncated")


def _clean_jpeg(content: bytes) -> tuple[bytes, Counts]:
    kept, counts = [b"\xff\xd8", _JFIF], Counts()
    for marker, segment in _jpeg_segments(content):
        is_metadata = _APP0 <= marker <= _APP15 or marker == _COMMENT
        if marker == _APP14 and segment[4:9] == _ADOBE:
            kept.append(_plain_adobe(segment))
        elif is_metadata:
            told = "JPEG application segments and comments", "X"
            counts[told] = counts.get(told, 0) + 1
        else:
            kept.append(segment)
    return b"".join(kept), counts


def _plain_adobe(segment: bytes) -> bytes:
    """Return the segment that says how colors are coded, cut to its fixed length."""
    body = segment[4 : 4 + _ADOBE_BYTES]
    if len(body) < _ADOBE_BYTES:
        raise MalformedFileError("bad-picture")
    return b"\xff\xee" + (_ADOBE_BYTES + 2).to_bytes(2, "big") + body


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each segment; a scan comes with its coded data, up to the end marker."""
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise MalformedFileError("bad-picture")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield marker, b"\xff\xd9"
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            end = _end_of_scan(content, end)
        yield marker, content[at:end]
        at = end
    if content[at : at + 2] == b"\xff\xd9":
        yield _END, b"\xff\xd9"
        return
    raise MalformedFileError("truncated")


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker stands that is neither stuffing nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise MalformedFileError("truncated")
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


def _clean_tiff(content: bytes) -> tuple[bytes, Counts]:
    try:
        with Image.open(BytesIO(content)) as picture:
            frames = [_bare(frame) for frame in ImageSequence.Iterator(picture)]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        raise MalformedFileError("bad-picture") from None
    written = BytesIO()
    frames[0].save(
        written,
        format="TIFF",
        save_all=True,
        append_images=frames[1:],
        compression="tiff_deflate",
    )
    return written.getvalue(), {("TIFF metadata", "X"): 1}


def _bare(frame: Image.Image) -> Image.Image:
    """Return pixels alone; a copy of a frame would take its tags along."""
    if frame.mode not in _TIFF_MODES:
        raise MalformedFileError("bad-picture")
    bare = Image.frombytes(frame.mode, frame.size, frame.tobytes())
    palette = frame.getpalette() if frame.mode == "P" else None
    if palette is not None:
        bare.putpalette(palette)
    return bare


_KINDS: tuple[tuple[bytes, str, Callable[[bytes], tuple[bytes, Counts]]], ...] = (
    (_PNG, ".png", _clean_png),
    (_JPEG, ".jpg", _clean_jpeg),
    (b"II*\0", ".tif", _clean_tiff),
    (b"MM\0*", ".tif", _clean_tiff),
)
