"""The few fields of a NIfTI header that say where the voxels are, and what they are.

References:
    nifti1.h and nifti2.h (fields, methods 1 to 3 of orientation),
    https://nifti.nimh.nih.gov.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.deid.elements import MalformedFileError

_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
}
_FIELDS: Mapping[int, Mapping[str, tuple[str, int]]] = {
    348: {
        "sides": ("8h", 40),
        "kind": ("h", 70),
        "sizes": ("8f", 76),
        "offset": ("f", 108),
        "qform": ("h", 252),
        "sform": ("h", 254),
        "turn": ("6f", 256),
        "rows": ("12f", 280),
    },
    540: {
        "sides": ("8q", 16),
        "kind": ("h", 12),
        "sizes": ("8d", 104),
        "offset": ("q", 168),
        "qform": ("i", 344),
        "sform": ("i", 348),
        "turn": ("6d", 352),
        "rows": ("12d", 400),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NiftiHeader:
    """What was read.

    Attributes:
        sides: Voxels along each axis that there is.
        dtype: Of a voxel; None for color and complex numbers.
        offset: Where the voxels begin, in bytes.
        affine: Shape (4, 4), indices to RAS, mm; from the sizes of the voxels alone where
            the file states no orientation.
    """

    sides: tuple[int, ...]
    dtype: np.dtype[Any] | None
    offset: int
    affine: NDArray[np.float64]


def read_nifti_header(plain: bytes) -> NiftiHeader:
    """Read the header of an inflated file.

    Args:
        plain: The file.

    Raises:
        MalformedFileError: "bad-nifti" if it cannot be one.
    """
    order, size = _find_version(plain)

    def read(name: str) -> tuple[float, ...]:
        kind, at = _FIELDS[size][name]
        return struct.unpack_from(order + kind, plain, at)

    axes, *sides = (int(one) for one in read("sides"))
    (start,) = read("offset")
    is_whole = 1 <= axes <= 7 and min(sides[:axes]) >= 1
    if not is_whole or not math.isfinite(start) or not size <= start <= len(plain):
        raise MalformedFileError("bad-nifti")
    kind = _TYPES.get(int(read("kind")[0]))
    return NiftiHeader(
        sides=tuple(sides[:axes]),
        dtype=None if kind is None else np.dtype(order + kind),
        offset=int(start),
        affine=_affine(read),
    )


def _find_version(plain: bytes) -> tuple[str, int]:
    for size in _FIELDS:
        for order in "<>":
            if plain[:4] == struct.pack(f"{order}i", size) and len(plain) >= size:
                return order, size
    raise MalformedFileError("bad-nifti")


def _affine(read: Callable[[str], tuple[float, ...]]) -> NDArray[np.float64]:
    """Return the sform, else the qform, else the sizes of the voxels."""
    affine = np.eye(4)
    if read("sform")[0] > 0:
        affine[:3] = np.array(read("rows")).reshape(3, 4)
    elif read("qform")[0] > 0:
        affine = _turned(read)
    else:
        affine[:3, :3] = np.diag([abs(one) or 1.0 for one in read("sizes")[1:4]])
    return affine


def _turned(read: Callable[[str], tuple[float, ...]]) -> NDArray[np.float64]:
    """Return the affine of the quaternion (method 2)."""
    b, c, d, *origin = read("turn")
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    factor, *sizes = read("sizes")[:4]
    lengths = np.array([abs(one) or 1.0 for one in sizes])
    lengths[2] *= -1.0 if factor < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = turn * lengths
    affine[:3, 3] = origin
    return affine
