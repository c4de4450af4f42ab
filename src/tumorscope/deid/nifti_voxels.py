"""The voxels of a NIfTI file as numbers, and a way to set some of them to the background.

The bytes of all other voxels stay as they are: nothing is scaled and written back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.nifti import GZIP, inflate_gzip
from tumorscope.deid.nifti_header import read_nifti_header
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import Volume, volume_from_affine

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SEARCHED_BITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NiftiVoxels:
    """A file, inflated.

    Attributes:
        stored: Shape (volumes, slices, rows, columns), as stored; a view of the file.
        offset: Where they begin, in bytes.
        volume: Mean of the volumes, float32, with its place in the patient.
    """

    stored: NDArray[Any]
    offset: int
    volume: Volume


def read_voxels(content: bytes) -> NiftiVoxels:
    """Return the voxels of a NIfTI file.

    A file without orientation gets one from the sizes of its voxels alone: which side is
    which is then unknown, but not what lies outside the brain.

    Args:
        content: `.nii` or `.nii.gz`.

    Raises:
        MalformedFileError: "bad-nifti" for what contradicts itself, "truncated", and
            "unsupported-pixels" for color, complex numbers or fewer than three axes.
    """
    plain = inflate_gzip(content) if content.startswith(GZIP) else content
    header = read_nifti_header(plain)
    sides = header.sides
    if len(sides) < 3 or header.dtype is None:
        raise MalformedFileError("unsupported-pixels")
    shape = (math.prod(sides[3:]), sides[2], sides[1], sides[0])
    if len(plain) - header.offset < math.prod(shape) * header.dtype.itemsize:
        raise MalformedFileError("truncated")
    # The first axis is the fastest in the file.
    flat = np.frombuffer(plain, header.dtype, math.prod(shape), header.offset)
    stored = flat.reshape(shape)
    to_lps = (_RAS_TO_LPS @ header.affine)[:, [2, 1, 0, 3]]
    try:
        volume = volume_from_affine(_mean(stored), to_lps)
    except DataError:
        raise MalformedFileError("bad-nifti") from None
    return NiftiVoxels(stored=stored, offset=header.offset, volume=volume)


def searched_pictures(voxels: NiftiVoxels) -> Iterator[StoredPixels]:
    """Yield each volume as pictures that can be searched for text, slice by slice.

    Only the plane in which the file keeps its slices is looked at.

    Args:
        voxels: A file.
    """
    top = (1 << _SEARCHED_BITS) - 1
    for one in voxels.stored:
        finite = np.where(np.isfinite(one), one, 0).astype(np.float64)
        low, high = float(finite.min()), float(finite.max())
        scaled = (finite - low) * (top / (high - low or 1.0))
        yield StoredPixels(
            frames=scaled.round().astype(np.uint16), bits_stored=_SEARCHED_BITS
        )


def with_background(
    voxels: NiftiVoxels, plain: bytes, kept: NDArray[np.bool_]
) -> bytes:
    """Return an inflated file with voxels set to the lowest number in use.

    Args:
        voxels: Of the file.
        plain: The file.
        kept: Shape (slices, rows, columns) or with volumes before them, bool.

    Raises:
        MalformedFileError: "brain-mask-failed" if the shapes differ.
    """
    if kept.shape not in {voxels.stored.shape, voxels.stored.shape[1:]}:
        raise MalformedFileError("brain-mask-failed")
    finite = voxels.stored[np.isfinite(voxels.stored)]
    background = finite.min() if finite.size else voxels.stored.dtype.type(0)
    cleared = np.where(kept, voxels.stored, background).astype(voxels.stored.dtype)
    body = cleared.tobytes()
    return plain[: voxels.offset] + body + plain[voxels.offset + len(body) :]


def _mean(stored: NDArray[Any]) -> NDArray[np.float32]:
    # Infinities and numbers beyond float32 count as none.
    with np.errstate(all="ignore"):
        total = np.zeros(stored.shape[1:], np.float32)
        for one in stored:
            total += one.astype(np.float32) / np.float32(len(stored))
    return np.where(np.isfinite(total), total, np.float32(0))
