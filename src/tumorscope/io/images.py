"""Image files: PNG, JPEG and TIFF, 8 and 16 bit, grey and color.

`image_headers` walks the structure first, so that a pixel bomb, an animation or a
truncated file is refused before anything is decoded. Then OpenCV decodes PNG and JPEG;
`tiff` decodes the usual deflated TIFF, Pillow other TIFF up to 8 bit (where OpenCV passes
over damaged strips and multiplies colors with alpha), OpenCV other TIFF of 16 bit.

PNG and deflated TIFF carry a checksum, and it is looked at. JPEG, uncompressed, PackBits
and LZW TIFF carry none: bytes changed inside their pixel data, with the structure whole,
may decode to another picture and cannot be told from a true one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.image_headers import ImageHeader, read_header
from tumorscope.io.tiff import TiffPage, inflate, plain_pixels, without_orientation

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
MAX_PIXELS = 64_000_000
"""Pixel bomb limit: 8000 x 8000; a head slice has 512 x 512, or 1024 x 1024 at most."""
MAX_FILE_BYTES = 8 * MAX_PIXELS
"""No image within the pixel limit needs more: four samples of 16 bit, uncompressed."""
_OPENCV_FLAGS = (
    cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
)


def is_image_name(path: Path) -> bool:
    """Return whether the name ends as an image that Tumorscope reads."""
    return path.suffix.lower() in SUFFIXES


def read_image(path: Path, *, allow_constant: bool = False) -> NDArray[Any]:
    """Decode one slice.

    Args:
        path: PNG, JPEG or TIFF file with one frame.
        allow_constant: Whether an image of one single value is accepted (a mask may be
            empty; a scan may not).

    Returns:
        Shape (height, width) or (height, width, 3) in RGB order, uint8 or uint16. An
        alpha channel is dropped.

    Raises:
        UnreadableScanError: If the file is missing, empty, truncated, animated, larger
            than `MAX_PIXELS`, no image, of an unknown depth, or holds one single value.
    """
    try:
        content = _read_bytes(path)
    except UnreadableScanError as error:
        raise UnreadableScanError(f"{path.name}: {error}") from error
    return decode_image(content, name=path.name, allow_constant=allow_constant)


def decode_image(
    content: bytes, *, name: str, allow_constant: bool = False
) -> NDArray[Any]:
    """Decode the content of an image file; see `read_image`.

    Args:
        content: The file's bytes.
        name: What messages call it.
        allow_constant: Whether an image of one single value is accepted.

    Returns:
        As `read_image`.

    Raises:
        UnreadableScanError: If it cannot be used.
    """
    try:
        pixels = _decode(content, _checked_header(content))
    except UnreadableScanError as error:
        raise UnreadableScanError(f"{name}: {error}") from error
    if not allow_constant and int(pixels.min()) == int(pixels.max()):
        raise UnreadableScanError(
            f"{name}: constant: every pixel is {int(pixels.min())}"
        )
    return pixels


def read_mask(path: Path) -> NDArray[np.bool_]:
    """Decode a lesion mask.

    Args:
        path: Image file; any pixel above zero belongs to the lesion.

    Returns:
        Shape (height, width), bool.

    Raises:
        UnreadableScanError: If the file cannot be decoded.
    """
    pixels = read_image(path, allow_constant=True)
    return (pixels if pixels.ndim == 2 else pixels.max(axis=2)) > 0


def pixel_digest(pixels: NDArray[Any]) -> str:
    """Return the SHA-256 of shape, dtype and values: equal pixels, equal digest."""
    head = f"{pixels.shape}|{pixels.dtype.str}|".encode()
    return hashlib.sha256(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def encode_png(pixels: NDArray[Any]) -> bytes:
    """Return the bytes of a PNG file.

    Args:
        pixels: Shape (height, width) or (height, width, 3) in RGB order, uint8 or
            uint16; bool becomes 0 and 255.
    """
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    ordered = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(".png", np.ascontiguousarray(ordered))[1].tobytes())


def encode_jpeg(pixels: NDArray[np.uint8], *, quality: int = 88) -> bytes:
    """Return the bytes of a JPEG file, for pages where a PNG would weigh megabytes.

    Args:
        pixels: Shape (height, width) or (height, width, 3) in RGB order, uint8.
        quality: From 1 to 100.
    """
    ordered = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(ordered), options)[1]
    return bytes(encoded.tobytes())


def write_png(path: Path, pixels: NDArray[Any]) -> None:
    """Write a PNG file whole or not at all.

    Args:
        path: Where to; the folder must exist.
        pixels: Shape (height, width) or (height, width, 3) in RGB order, uint8 or
            uint16; bool becomes 0 and 255.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(encode_png(pixels))
    partial.replace(path)


def _read_bytes(path: Path) -> bytes:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableScanError("not a file")
        if facts.st_size > MAX_FILE_BYTES:
            raise UnreadableScanError(
                f"too large: {facts.st_size} bytes; the limit is {MAX_FILE_BYTES} bytes"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableScanError(f"cannot be opened: {error.strerror}") from error


def _checked_header(content: bytes) -> ImageHeader:
    header = read_header(content)
    if header.width_px * header.height_px > MAX_PIXELS:
        raise UnreadableScanError(
            f"too large: {header.width_px} x {header.height_px} pixels; the limit is "
            f"{MAX_PIXELS} pixels"
        )
    if header.frames > 1:
        raise UnreadableScanError(
            f"animated or multi-page ({header.frames} frames); store one slice in each "
            "file"
        )
    return header


def _decode(content: bytes, header: ImageHeader) -> NDArray[Any]:
    page = header.tiff
    pixels = _decode_by_opencv(content) if page is None else _decode_tiff(content, page)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise UnreadableScanError(
            f"depth {pixels.dtype} is not supported; use 8 or 16 bit"
        )
    if pixels.shape[:2] != (header.height_px, header.width_px):
        raise UnreadableScanError(
            f"damaged: decoded to {pixels.shape[:2]}, the header says "
            f"{(header.height_px, header.width_px)}"
        )
    return pixels


def _decode_tiff(content: bytes, page: TiffPage) -> NDArray[Any]:
    if page.deflated:
        strips = inflate(content, page)
        if page.plain:
            return plain_pixels(strips, page)
    upright = without_orientation(content, page)
    return _decode_by_pillow(upright) if page.bits <= 8 else _decode_by_opencv(upright)


def _decode_by_opencv(content: bytes) -> NDArray[Any]:
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), _OPENCV_FLAGS)
    except cv2.error as error:
        raise UnreadableScanError(f"cannot be decoded: {error.err}") from error
    if decoded is None:
        raise UnreadableScanError("truncated or damaged pixel data")
    pixels: NDArray[Any] = decoded
    if pixels.ndim == 2:
        return pixels
    # (height, width, 3 or 4), 15 times faster than a reversed slice
    order = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGB
    return cv2.cvtColor(pixels, order)


def _decode_by_pillow(content: bytes) -> NDArray[np.uint8]:
    try:
        with Image.open(BytesIO(content), formats=("TIFF",)) as image:
            grey = image.mode in ("1", "L", "LA")
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadableScanError(f"damaged pixel data: {error}") from error
