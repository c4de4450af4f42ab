"""Parses a NIfTI file. Runs in a sandbox.

The header is looked at first, and says how many bytes must follow; inflating stops there.
A file with fewer bytes, or with more, is refused: its header lies.

References: NIfTI-1 and NIfTI-2 data format, https://nifti.nimh.nih.gov.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from numpy.typing import NDArray

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.scan_files import ScanFile, read_content

MAX_VOXELS = 2**27
"""134 million: 512 slices of 512 x 512."""
MAX_NIFTI_BYTES = 600 * 2**20
MAX_HEAD_BYTES = 2**20
"""Header and extensions; those of common tools have some kB."""
_GZIP_MARK = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_HEADERS: dict[int, tuple[type[Any], bytes]] = {
    348: (Nifti1Header, b"n+1"),
    540: (Nifti2Header, b"n+2"),
}
_PLAIN_TYPES = frozenset(
    {"int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"}
)
_AXES_WORDS = "the file does not say which side of the picture is the patient's left"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int

    @property
    def end(self) -> int:
        return self.offset + math.prod(self.shape) * self.dtype.itemsize


def read_volume(file: ScanFile) -> dict[str, Any]:
    """Read voxels and geometry of one volume.

    Args:
        file: `.nii` or `.nii.gz`; the content decides.

    Returns:
        `voxels`: shape (i, j, k), int8 to uint16 as they are, others float32, scaled as
        the header says, finite. `affine_mm`: shape (4, 4), indices to RAS+ mm.
        `not_finite`: voxels that were no numbers and became 0.

    Raises:
        UnreadableScanError: If the file is no NIfTI volume in one file, damaged, has
            several volumes, no orientation or two that differ, too many voxels, or more
            or fewer bytes than it declares.
    """
    packed = read_content(file)
    stream = _Stream(packed)
    header = _parse_header(stream.first(540))
    layout = _layout(header)
    if layout.end > MAX_NIFTI_BYTES:
        raise UnreadableScanError(f"more than {MAX_NIFTI_BYTES // 2**20} MiB of voxels")
    content = stream.exactly(layout.end)
    stored = np.frombuffer(content, layout.dtype, offset=layout.offset)
    voxels = stored.reshape(layout.shape, order="F")
    scaled, not_finite = _scaled(voxels, header)
    return {
        "voxels": scaled,
        "affine_mm": _affine(header),
        "not_finite": not_finite,
    }


class _Stream:
    """The bytes of a file, inflated only as far as they are asked for."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._is_gzip = packed.startswith(_GZIP_MARK)

    def first(self, count: int) -> bytes:
        """Return the first bytes, fewer where there are not so many."""
        if not self._is_gzip:
            return self._packed[:count]
        return _inflate(self._packed[:MAX_HEAD_BYTES], count)[0]

    def exactly(self, count: int) -> bytes:
        """Return all bytes.

        Raises:
            UnreadableScanError: If there are more or fewer than `count`.
        """
        content, is_whole = self._packed, True
        if self._is_gzip:
            content, is_whole = _inflate(self._packed, count + 1)
        if len(content) > count:
            raise UnreadableScanError(f"more than the {count} bytes that are declared")
        if len(content) < count or not is_whole:
            raise UnreadableScanError(
                f"truncated: {len(content)} bytes where {count} are declared"
            )
        return content


def _inflate(packed: bytes, limit: int) -> tuple[bytes, bool]:
    """Return inflated bytes up to a limit, and whether the last gzip member ended.

    A file may be several gzip members, one behind the other (RFC 1952, 2.2).
    """
    content, rest, is_whole = bytearray(), packed, True
    while rest.startswith(_GZIP_MARK) and len(content) < limit:
        inflater = zlib.decompressobj(_GZIP_WINDOW)
        try:
            content += inflater.decompress(rest, limit - len(content))
        except zlib.error as error:
            raise UnreadableScanError("damaged gzip stream") from error
        rest, is_whole = inflater.unused_data, inflater.eof
    if is_whole and rest.strip(b"\0"):
        raise UnreadableScanError("foreign bytes behind the gzip stream")
    return bytes(content), is_whole


def _parse_header(head: bytes) -> Any:
    sizes = {
        int.from_bytes(head[:4], "little"): "<",
        int.from_bytes(head[:4], "big"): ">",
    }
    for size, (kind, mark) in _HEADERS.items():
        if size not in sizes or len(head) < size:
            continue
        header = kind(head[:size], endianness=sizes[size], check=False)
        if bytes(header["magic"].tobytes())[:3] != mark:
            raise UnreadableScanError(
                "a header apart from its voxels (.hdr and .img); save it as one .nii"
            )
        return header
    raise UnreadableScanError("not a NIfTI file")


def _layout(header: Any) -> _Layout:
    axes = int(header["dim"][0])
    sides = [int(one) for one in header["dim"][1 : axes + 1]] if 1 <= axes <= 7 else []
    if not 3 <= axes <= 7 or min(sides) < 1:
        raise UnreadableScanError("not a volume: three axes are needed")
    if math.prod(sides[3:]) != 1:
        raise UnreadableScanError(
            f"{math.prod(sides[3:])} volumes in one file: which one is meant is not "
            "guessed; save it alone, here the first: nib-roi -t 0:1 IN OUT"
        )
    shape = (sides[0], sides[1], sides[2])
    if math.prod(shape) > MAX_VOXELS:
        raise UnreadableScanError(f"more than {MAX_VOXELS} voxels")
    dtype = header.get_data_dtype()
    if dtype.newbyteorder("=").name not in _PLAIN_TYPES:
        raise UnreadableScanError("voxels that are no plain numbers (color or complex)")
    offset = float(header["vox_offset"])
    if not header.sizeof_hdr <= offset <= MAX_HEAD_BYTES or offset != int(offset):
        raise UnreadableScanError("voxels that begin at an impossible place")
    return _Layout(shape=shape, dtype=dtype, offset=int(offset))


def _scaled(voxels: NDArray[Any], header: Any) -> tuple[NDArray[Any], int]:
    slope, intercept = header.get_slope_inter()
    plain = slope in (None, 1.0) and intercept in (None, 0.0)
    if plain and voxels.dtype.kind in "iu" and voxels.dtype.itemsize <= 2:
        return voxels.astype(voxels.dtype.newbyteorder("=")), 0
    # Infinities and values beyond float32 are counted with the voxels without a number.
    with np.errstate(all="ignore"):
        scaled = voxels.astype(np.float32)
        if not plain:
            scaled = scaled * np.float32(slope) + np.float32(intercept or 0.0)
    bad = ~np.isfinite(scaled)
    count = int(bad.sum())
    if count == scaled.size:
        raise UnreadableScanError("not a single voxel is a number")
    if count:
        scaled[bad] = 0.0
    return scaled, count


def _affine(header: Any) -> NDArray[np.float64]:
    """Return the affine to RAS+, sform before qform, which must name the same sides."""
    found = []
    if int(header["sform_code"]) > 0:
        found.append(np.asarray(header.get_sform(), dtype=np.float64))
    if int(header["qform_code"]) > 0:
        found.append(np.asarray(header.get_qform(), dtype=np.float64))
    if not found:
        raise UnreadableScanError(f"{_AXES_WORDS} (no sform and no qform)")
    if not all(bool(np.isfinite(affine).all()) for affine in found):
        raise UnreadableScanError("an orientation that holds no numbers")
    if len({_axes(affine) for affine in found}) > 1:
        raise UnreadableScanError(f"{_AXES_WORDS} (sform and qform contradict)")
    return found[0]


def _axes(affine: NDArray[np.float64]) -> tuple[tuple[int, bool], ...]:
    """Return for each axis of the array its nearest direction, and whether reversed."""
    columns = affine[:3, :3].T  # (axis, direction)
    nearest = np.argmax(np.abs(columns), axis=1)
    return tuple(
        (int(way), bool(column[way] < 0))
        for column, way in zip(columns, nearest, strict=True)
    )
