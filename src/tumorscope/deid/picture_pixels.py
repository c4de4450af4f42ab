"""Burned-in text in PNG, JPEG and TIFF pictures: searched, or cleared outside the head."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.text_detection import find_text
from tumorscope.deid.pixels.text_removal import remove_text
from tumorscope.domain.deid_spec import PixelRule

_TIFF = (b"II*\0", b"MM\0*")
_AS_IT_IS = frozenset(("L", "RGB", "I;16", "I", "F"))
_PLAINER = {"1": "L", "LA": "L", "P": "RGB", "RGBA": "RGB", "CMYK": "RGB"}
_SEARCHED_BITS = 12


def clean_picture_pixels(content: bytes, rule: PixelRule) -> bytes:
    """Return a picture without text, as far as that was asked for.

    Args:
        content: The file.
        rule: See `DeidSpec.pixels`.

    Returns:
        The file itself after a search. After clearing a new TIFF, or a PNG also where it
        was a JPEG, whose pixels cannot be changed without changing all of them.

    Raises:
        MalformedFileError: "bad-picture", or with the code of the reason why it must stay
            in quarantine.
    """
    if rule == "header":
        return content
    frames = _read(content)
    if rule == "search":
        for frame in frames:
            found = find_text(_searched(frame), TextSpec())
            if any(one.is_flagged for one in found):
                raise MalformedFileError("text-found")
        return content
    return _write([_cleared(one) for one in frames], is_tiff=content[:4] in _TIFF)


def _read(content: bytes) -> list[NDArray[Any]]:
    try:
        with Image.open(BytesIO(content)) as picture:
            return [_plain(frame) for frame in ImageSequence.Iterator(picture)]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        raise MalformedFileError("bad-picture") from None


def _plain(frame: Image.Image) -> NDArray[Any]:
    if frame.mode in _AS_IT_IS:
        return np.array(frame)
    if frame.mode not in _PLAINER:
        raise MalformedFileError("bad-picture")
    return np.array(frame.convert(_PLAINER[frame.mode]))


def _searched(frame: NDArray[Any]) -> StoredPixels:
    if frame.dtype == np.uint8:
        return StoredPixels(frames=frame[None], bits_stored=8)
    finite = np.where(np.isfinite(frame), frame, 0).astype(np.float64)
    low, high = float(finite.min()), float(finite.max())
    top = (1 << _SEARCHED_BITS) - 1
    scaled = ((finite - low) * (top / (high - low or 1.0))).round().astype(np.uint16)
    return StoredPixels(frames=scaled[None], bits_stored=_SEARCHED_BITS)


def _cleared(frame: NDArray[Any]) -> NDArray[Any]:
    pixels = _searched(frame)
    done = remove_text(pixels, TextSpec())
    if done.reason:
        raise MalformedFileError(done.reason)
    changed = done.pixels.frames[0] != pixels.frames[0]
    cleared = frame.copy()
    cleared[changed] = 0 if frame.ndim == 3 else frame.min()
    return cleared


def _write(frames: list[NDArray[Any]], *, is_tiff: bool) -> bytes:
    pictures = [Image.fromarray(one) for one in frames]
    written = BytesIO()
    if is_tiff:
        rest = pictures[1:]
        pictures[0].save(written, "TIFF", save_all=True, append_images=rest)
    else:
        pictures[0].save(written, "PNG")
    return written.getvalue()
