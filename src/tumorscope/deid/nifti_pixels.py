"""What is done about faces and burned-in text in the voxels of a NIfTI file."""

from __future__ import annotations

import zlib

import numpy as np

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.nifti import GZIP, inflate_gzip
from tumorscope.deid.nifti_voxels import (
    read_voxels,
    searched_pictures,
    with_background,
)
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stripped import is_label_map
from tumorscope.deid.pixels.text_detection import find_text
from tumorscope.deid.pixels.text_removal import remove_text
from tumorscope.domain.deid_spec import PixelRule

_QUICKLY = 1


def clean_nifti_pixels(
    content: bytes, rule: PixelRule, kept: KeptVoxels | None
) -> bytes:
    """Return a file without face and without text, as far as that was asked for.

    Args:
        content: `.nii` or `.nii.gz`.
        rule: See `DeidSpec.pixels`; maps of labels are not searched.
        kept: What stays when the face is removed; None where nothing is removed.

    Returns:
        The file, compressed where it was.

    Raises:
        MalformedFileError: With the code of the reason why it must stay in quarantine.
    """
    is_packed = content.startswith(GZIP)
    plain = inflate_gzip(content) if is_packed else content
    if kept is not None:
        found = read_voxels(plain)
        _, _, rows, columns = found.stored.shape
        plain = with_background(found, plain, kept.spread(rows, columns))
    if rule == "search":
        _refuse_text(plain)
    elif rule == "clear":
        plain = _clear(plain)
    if not is_packed:
        return plain
    pack = zlib.compressobj(_QUICKLY, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return pack.compress(plain) + pack.flush()


def _refuse_text(plain: bytes) -> None:
    found = read_voxels(plain)
    if is_label_map(found.volume):
        return
    for pictures in searched_pictures(found):
        if any(one.is_flagged for one in find_text(pictures, TextSpec())):
            raise MalformedFileError("text-found")


def _clear(plain: bytes) -> bytes:
    """Set everything outside the head to the background, slice by slice."""
    found = read_voxels(plain)
    if is_label_map(found.volume):
        return plain
    kept = []
    for pictures in searched_pictures(found):
        done = remove_text(pictures, TextSpec())
        if done.reason:
            raise MalformedFileError(done.reason)
        kept.append(done.pixels.frames == pictures.frames)
    return with_background(found, plain, np.stack(kept))
