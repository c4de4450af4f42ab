"""NIfTI volumes: the free-text fields and the extensions go, geometry and voxels stay.

References:
    NIfTI-1 and NIfTI-2 headers (nifti1.h, nifti2.h); RFC 1952 (gzip header fields).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.outcome import Deidentified

GZIP = b"\x1f\x8b"
MAX_INFLATED = 1 << 30
"""A head volume has some 10 to 100 MB; a bomb has more."""
_CHUNK = 1 << 22
_GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the fields of one version stand.

    Attributes:
        header_bytes: Length of the header.
        dimensions: Format and offset of the eight dimensions.
        bits: Offset of the bits for each voxel, 16 bits long.
        offset: Format and offset of the start of the voxels.
        texts: Name, offset and length of each field that holds text.
    """

    header_bytes: int
    dimensions: tuple[str, int]
    bits: int
    offset: tuple[str, int]
    texts: tuple[tuple[str, int, int], ...]


_LAYOUTS: Mapping[int, _Layout] = {
    348: _Layout(
        header_bytes=348,
        dimensions=("8h", 40),
        bits=72,
        offset=("f", 108),
        texts=(
            ("data_type", 4, 10),
            ("db_name", 14, 18),
            ("extents and session_error", 32, 6),
            ("glmax and glmin", 140, 8),
            ("descrip", 148, 80),
            ("aux_file", 228, 24),
            ("intent_name", 328, 16),
        ),
    ),
    540: _Layout(
        header_bytes=540,
        dimensions=("8q", 16),
        bits=14,
        offset=("q", 168),
        texts=(
            ("descrip", 240, 80),
            ("aux_file", 320, 24),
            ("intent_name", 508, 16),
            ("unused", 525, 15),
        ),
    ),
}
_MAGIC = {348: (344, b"n+1\0"), 540: (4, b"n+2\0\r\n\x1a\n")}


def deidentify_nifti(
    content: bytes, keys: PatientKeys, tokens: IdentityTokens, *, name: str
) -> Deidentified:
    """Return a volume without text and without extensions.

    A compressed file is written anew, without the name and the time that gzip keeps.

    Args:
        content: A `.nii` or `.nii.gz` file.
        keys: The patient's replacements.
        tokens: What is known of the patient.
        name: Path of the source below the input, without ending: it names the file and
            its side-car alike.

    Raises:
        MalformedFileError: If header and length contradict each other, or the voxels
            hold a text that is known of the patient.
    """
    is_compressed = content.startswith(GZIP)
    plain = inflate_gzip(content) if is_compressed else content
    cleaned, counts = _clean(plain)
    if tokens.stand_in_file(cleaned):
        raise MalformedFileError("identifier-left")
    ending = ".nii.gz" if is_compressed else ".nii"
    return Deidentified(
        content=_deflate_gzip(cleaned) if is_compressed else cleaned,
        folders=(),
        name=keys.name_file("volume", name) + ending,
        counts=counts,
        group="volumes",
    )


def inflate_gzip(content: bytes) -> bytes:
    """Return the content of a gzip file, up to a limit.

    Raises:
        MalformedFileError: If it is damaged, or inflates beyond `MAX_INFLATED`.
    """
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    total, waiting = 0, content
    try:
        while waiting and not unpack.eof:
            part = unpack.decompress(waiting, _CHUNK)
            waiting = unpack.unconsumed_tail
            total += len(part)
            if total > MAX_INFLATED:
                raise MalformedFileError("inflates-too-far")
            parts.append(part)
            if not part and not waiting:
                break
    except zlib.error:
        raise MalformedFileError("bad-deflate") from None
    if not unpack.eof:
        raise MalformedFileError("truncated")
    return b"".join(parts)


def _deflate_gzip(content: bytes) -> bytes:
    """Compress with a gzip header of zeros: no name, no time, no system."""
    pack = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return pack.compress(content) + pack.flush()


def _clean(content: bytes) -> tuple[bytes, dict[tuple[str, str], int]]:
    order, layout = _find_layout(content)
    start = _unpack(content, order, layout.offset)[0]
    if not math.isfinite(start) or not layout.header_bytes <= start <= len(content):
        raise MalformedFileError("bad-nifti")
    n_bytes = _voxel_bytes(content, order, layout)
    voxels = content[int(start) : int(start) + n_bytes]
    if len(voxels) < n_bytes:
        raise MalformedFileError("truncated")
    header = bytearray(content[: layout.header_bytes])
    counts: dict[tuple[str, str], int] = {}
    for name, at, length in layout.texts:
        if any(header[at : at + length]):
            counts[name, "Z"] = 1
        header[at : at + length] = bytes(length)
    new_start = layout.header_bytes + 4
    if int(start) > new_start:
        counts["extensions", "X"] = 1
    kind, at = layout.offset
    struct.pack_into(order + kind, header, at, new_start)
    return bytes(header) + bytes(4) + voxels, counts


def _find_layout(content: bytes) -> tuple[str, _Layout]:
    for size, layout in _LAYOUTS.items():
        for order in "<>":
            at, magic = _MAGIC[size]
            if (
                content[:4] == struct.pack(f"{order}i", size)
                and content[at : at + len(magic)] == magic
                and len(content) >= size
            ):
                return order, layout
    raise MalformedFileError("bad-nifti")


def _voxel_bytes(content: bytes, order: str, layout: _Layout) -> int:
    dimensions = _unpack(content, order, layout.dimensions)
    count = dimensions[0]
    if not 1 <= count <= 7 or min(dimensions[1 : count + 1]) < 1:
        raise MalformedFileError("bad-nifti")
    bits = struct.unpack_from(f"{order}h", content, layout.bits)[0]
    if bits < 1:
        raise MalformedFileError("bad-nifti")
    return (math.prod(dimensions[1 : count + 1]) * bits + 7) // 8


def _unpack(content: bytes, order: str, place: tuple[str, int]) -> tuple[int, ...]:
    kind, at = place
    return struct.unpack_from(order + kind, content, at)
