"""Decodes the pixels of a DICOM file. Runs in a sandbox.

Sizes are bounded before anything is decoded, and declared sizes are compared with the
bytes that are there. What is returned is the stored value: bits above BitsStored, where
old systems kept overlays, are masked, and the sign is extended from BitsStored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom.headers import open_data_set
from tumorscope.io.dicom.structure import NATIVE
from tumorscope.io.scan_files import ScanFile

MAX_VOXELS = 2**27
"""134 million: 2,000 slices of 256 x 256, or 512 of 512 x 512."""
MAX_SIDE_PX = 4096
_BIT_DEPTHS = (8, 16)
_PLUGINS = {
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "gdcm",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
}
"""One decoder for each encoding, so that a file reads the same everywhere."""
_JPEG_END = b"\xff\xd9"
_PADDING = b"\0\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    signed: bool

    @property
    def bytes_in_all(self) -> int:
        return self.frames * self.rows * self.columns * self.bits_allocated // 8


def read_pixels(file: ScanFile, frames: list[int]) -> NDArray[Any]:
    """Decode frames of a file.

    Args:
        file: Where it lies.
        frames: Which frames, from 0.

    Returns:
        Shape (frames, rows, columns), uint8, uint16, int8 or int16: stored values,
        before the rescale and not inverted.

    Raises:
        UnreadableScanError: If pixels are missing, fewer or more than declared, damaged,
            not of one gray sample of 8 to 16 bits, or too many.
    """
    data_set, syntax = open_data_set(file)
    layout = _layout(data_set)
    if not all(0 <= frame < layout.frames for frame in frames):
        raise UnreadableScanError("fewer frames than its functional groups describe")
    if syntax in NATIVE:
        _compare_native(data_set, layout)
    else:
        _compare_compressed(data_set, layout, syntax)
    shape = (len(frames), layout.rows, layout.columns)
    decoded = np.empty(
        shape, dtype=f"{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}"
    )
    for place, pixels in enumerate(_decode(data_set, syntax, frames)):
        if pixels.shape != shape[1:] or pixels.dtype.kind not in "iu":
            raise UnreadableScanError("pixels decode to another shape than declared")
        decoded[place] = _stored_bits(pixels, layout)
    return decoded


def _layout(data_set: Dataset) -> _Layout:
    if "PixelData" not in data_set:
        raise UnreadableScanError("holds no pixels")
    if data_set.get("SamplesPerPixel", 1) != 1:
        raise UnreadableScanError("color pixels")
    layout = _Layout(
        rows=_whole(data_set, "Rows"),
        columns=_whole(data_set, "Columns"),
        frames=_whole(data_set, "NumberOfFrames", default=1),
        bits_allocated=_whole(data_set, "BitsAllocated"),
        bits_stored=_whole(data_set, "BitsStored"),
        signed=bool(data_set.get("PixelRepresentation", 0)),
    )
    sides = (layout.rows, layout.columns)
    if not all(1 <= side <= MAX_SIDE_PX for side in sides) or layout.frames < 1:
        raise UnreadableScanError("an impossible number of rows, columns or frames")
    if math.prod(sides) * layout.frames > MAX_VOXELS:
        raise UnreadableScanError(f"more than {MAX_VOXELS} pixels")
    if layout.bits_allocated not in _BIT_DEPTHS:
        raise UnreadableScanError(
            f"{layout.bits_allocated} bits for each pixel; 8 and 16 are read"
        )
    top = data_set.get("HighBit", layout.bits_stored - 1)
    fits = 1 < layout.bits_stored <= layout.bits_allocated
    if not fits or top != layout.bits_stored - 1:
        raise UnreadableScanError("bits stored where no scanner stores them")
    return layout


def _whole(data_set: Dataset, name: str, *, default: int | None = None) -> int:
    value = data_set.get(name)
    if value is None or value == "":
        value = default
    if value is None:
        raise UnreadableScanError("does not say the size of its pixels")
    return int(value)


def _compare_native(data_set: Dataset, layout: _Layout) -> None:
    found, needed = len(data_set.PixelData), layout.bytes_in_all
    if found < needed:
        raise UnreadableScanError(
            f"truncated: {found} bytes of pixels where {needed} are declared"
        )
    if data_set.PixelData[needed:].strip(b"\0"):  # some systems append zeros
        raise UnreadableScanError(
            f"{found} bytes of pixels where {needed} are declared"
        )


def _compare_compressed(data_set: Dataset, layout: _Layout, syntax: UID) -> None:
    streams = list(generate_frames(data_set.PixelData, number_of_frames=layout.frames))
    if len(streams) != layout.frames:
        raise UnreadableScanError(
            f"{len(streams)} compressed frames where {layout.frames} are declared"
        )
    if syntax == RLELossless:
        return
    if not all(stream.rstrip(_PADDING).endswith(_JPEG_END) for stream in streams):
        raise UnreadableScanError("truncated: a compressed frame has no end")


def _decode(data_set: Dataset, syntax: UID, frames: list[int]) -> Any:
    decoder = get_decoder(syntax)
    options: dict[str, Any] = {"raw": True, "indices": frames}
    if syntax in _PLUGINS:
        options["decoding_plugin"] = _PLUGINS[syntax]
    return (pixels for pixels, _ in decoder.iter_array(data_set, **options))


def _stored_bits(pixels: NDArray[Any], layout: _Layout) -> NDArray[Any]:
    """Mask the bits above BitsStored, and extend the sign from there."""
    if pixels.dtype.itemsize * 8 < layout.bits_stored:
        raise UnreadableScanError("pixels decode to fewer bits than declared")
    values = pixels.astype(np.int32) & ((1 << layout.bits_stored) - 1)
    if layout.signed:
        sign = 1 << (layout.bits_stored - 1)
        values = (values ^ sign) - sign
    return values
