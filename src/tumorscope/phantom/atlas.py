"""The MNI152 tissue maps, and the distances that a head is grown from.

Coordinates are MNI millimetres: x to the patient's right, y to the front, z upwards.

References:
    Fonov et al., "Unbiased average age-appropriate atlases for pediatric studies",
    NeuroImage 54 (2011) 313-327: the ICBM 152 symmetric non-linear template, 2009a, as
    the package nilearn ships it (cut to the brain, 1 mm, 8 bit).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.domain.errors import ConfigError, DataError

Volume = NDArray[np.float32]

MAP_SHA256 = MappingProxyType(
    {
        "t1": "421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6",
        "gm": "97a5ca69bd24db37a9cb7b32525e1733a209af904129bf1cd36da06d24243bed",
        "wm": "382d92812de4744f9c86c7a0e4f680dc317a0a50e4da1f0153618a6798c7b7db",
    }
)
MAP_SHAPE = (197, 233, 189)
MAP_ORIGIN_MM = (-98.0, -134.0, -72.0)
SPACING_MM = 3.0  # of the distances to skull and face; they are smooth
VENTRICLE_SPACING_MM = 2.0
VENTRICLE_BOX_MM = ((-54, 54), (-72, 54), (-28, 46))  # with a margin
PAD_MM = 24  # room for skull and scalp around the maps
SULCUS_CLOSING_MM = 7.0  # sulci narrower than twice this lie inside the skull
SUBARACHNOID_MM = 1.0  # fluid between the gyri's crowns and the skull
SLICE_SIGMA_MM = 1.1  # through-plane blur of a slice about 3 mm thick
ORBIT_ROOF_MM = 3.5  # brain to the bone below it
MIN_VENTRICLE_VOXELS = 60
ORBIT_LEVEL_MM = -12.0  # below it the head is wider than the brain


@dataclass(frozen=True, slots=True, kw_only=True)
class Field3D:
    """A scalar on a regular grid in MNI space.

    Attributes:
        values: Shape (x, y, z), float32.
        origin_mm: Position of the first voxel's centre.
        spacing_mm: Distance of two voxels, the same on all axes.
    """

    values: Volume
    origin_mm: tuple[float, float, float]
    spacing_mm: float

    def at(self, points_mm: Volume) -> Volume:
        """Sample with linear interpolation; the edge value holds outside.

        Args:
            points_mm: Shape (3, ...), float32, MNI millimetres.

        Returns:
            Shape (...), float32.
        """
        origin = np.asarray(self.origin_mm, np.float32)
        origin = origin.reshape(3, *[1] * (points_mm.ndim - 1))
        voxels = (points_mm - origin) / np.float32(self.spacing_mm)
        return ndimage.map_coordinates(
            self.values, voxels, output=np.float32, order=1, mode="nearest"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadAtlas:
    """What every phantom head is warped from.

    Attributes:
        t1: Intensity of the T1 template, in [0, 1].
        gm: Share of grey matter, in [0, 1].
        wm: Share of white matter, in [0, 1].
        skull_mm: Signed distance to the inner table of the skull; negative inside.
        head_mm: Signed distance to the same surface with the hollow of the face and the
            skull base filled; negative inside.
        ventricle_mm: Signed distance to the lateral and third ventricles; negative inside.
    """

    t1: Field3D
    gm: Field3D
    wm: Field3D
    skull_mm: Field3D
    head_mm: Field3D
    ventricle_mm: Field3D


@lru_cache(maxsize=1)
def load_atlas() -> HeadAtlas:
    """Read the tissue maps and derive the distances; once in each process.

    Returns:
        The atlas; callers must not write to its arrays.

    Raises:
        ConfigError: If nilearn is not installed.
        DataError: If its maps are absent or differ from the pinned ones.
    """
    t1, gm, wm = (_read_map(name) for name in MAP_SHA256)
    skull_mm = _grow_skull(_coarse(t1 > 0))
    return HeadAtlas(
        t1=_fine_field(t1),
        gm=_fine_field(gm),
        wm=_fine_field(wm),
        skull_mm=_coarse_field(skull_mm),
        head_mm=_coarse_field(_fill_face(skull_mm < 0)),
        ventricle_mm=_find_ventricles(t1, gm + wm),
    )


def _map_path(name: str) -> Path:
    # The package is located, not imported: importing nilearn.datasets takes seconds.
    found = find_spec("nilearn")
    if found is None or found.origin is None:
        raise ConfigError(
            "the phantom needs the package nilearn, which ships the MNI152 tissue maps: "
            "`pip install nilearn`"
        )
    folder = Path(found.origin).parent / "datasets" / "data"
    return folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"


def _read_map(name: str) -> Volume:
    path = _map_path(name)
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != MAP_SHA256[name]:
        raise DataError(
            f"{path.name} of the package nilearn is absent or not the pinned file: "
            "install the version named in constraints.txt"
        )
    image = nib.Nifti1Image.from_bytes(gzip.decompress(content))
    values = np.asarray(image.dataobj, dtype=np.float32) / np.float32(255)
    return ndimage.gaussian_filter1d(values, SLICE_SIGMA_MM, axis=2)


def _fine_field(values: Volume) -> Field3D:
    return Field3D(values=values, origin_mm=MAP_ORIGIN_MM, spacing_mm=1.0)


def _coarse_field(values: Volume) -> Field3D:
    x, y, z = (origin - PAD_MM for origin in MAP_ORIGIN_MM)
    return Field3D(values=values, origin_mm=(x, y, z), spacing_mm=SPACING_MM)


def _coarse(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    step = int(SPACING_MM)
    return np.pad(values, PAD_MM)[::step, ::step, ::step]


def _coordinates_mm(shape: tuple[int, ...]) -> tuple[Volume, Volume, Volume]:
    x, y, z = (
        np.arange(count, dtype=np.float32) * SPACING_MM + origin - PAD_MM
        for count, origin in zip(shape, MAP_ORIGIN_MM, strict=True)
    )
    return x[:, None, None], y[None, :, None], z[None, None, :]


def _signed_distance_mm(
    inside: NDArray[np.bool_], sigma: float, spacing_mm: float = SPACING_MM
) -> Volume:
    outer = ndimage.distance_transform_edt(~inside, sampling=spacing_mm)
    inner = ndimage.distance_transform_edt(inside, sampling=spacing_mm)
    return ndimage.gaussian_filter((outer - inner).astype(np.float32), sigma)


def _grow_skull(brain: NDArray[np.bool_]) -> Volume:
    outer = ndimage.distance_transform_edt(~brain, sampling=SPACING_MM)
    closed = outer < SULCUS_CLOSING_MM
    inner = ndimage.distance_transform_edt(closed, sampling=SPACING_MM)
    inside = inner > SULCUS_CLOSING_MM - SUBARACHNOID_MM
    # Between the frontal lobes' lower faces lie orbits and nose, not fluid.
    _, y, z = _coordinates_mm(brain.shape)
    inside &= ~((y > 12) & (z < -6) & (outer > ORBIT_ROOF_MM))
    return _signed_distance_mm(ndimage.binary_fill_holes(inside), sigma=1.0)


def _fill_face(inside: NDArray[np.bool_]) -> Volume:
    """Return the signed distance to the brain case, continued downwards as a head."""
    x, y, z = _coordinates_mm(inside.shape)
    level = int(np.argmin(np.abs(z.ravel() - ORBIT_LEVEL_MM)))
    outline = _signed_distance_mm(inside[:, :, level], sigma=2.0)[:, :, None]
    below_mm = np.maximum(ORBIT_LEVEL_MM - z, 0)
    neck = (outline < -0.12 * below_mm) & (z <= ORBIT_LEVEL_MM)
    face = (x / 56) ** 2 + ((y - 36) / 43) ** 2 + ((z + 52) / 46) ** 2 < 1
    return _signed_distance_mm(inside | neck | face, sigma=2.0)


def _find_ventricles(t1: Volume, tissue: Volume) -> Field3D:
    """Return the distance to the fluid in the middle of the brain, cisterns left out."""
    bounds = [
        slice(int(low - origin), int(high - origin), int(VENTRICLE_SPACING_MM))
        for (low, high), origin in zip(VENTRICLE_BOX_MM, MAP_ORIGIN_MM, strict=True)
    ]
    fluid = ((tissue < 0.5) & (t1 > 0))[tuple(bounds)]
    x, y, z = (
        np.arange(low, high, VENTRICLE_SPACING_MM).reshape(shape)
        for (low, high), shape in zip(
            VENTRICLE_BOX_MM, ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True
        )
    )
    middle = (np.abs(x) < 42) & (y > -58) & (y < 42) & (z > -14) & (z < 32)
    cistern = (np.abs(x) < 16) & (y < -20) & (z < 6) | (np.abs(x) < 8) & (y < -24)
    parts, count = ndimage.label(fluid & middle & ~cistern)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    inside = np.isin(parts, np.flatnonzero(sizes >= MIN_VENTRICLE_VOXELS))
    low_x, low_y, low_z = (float(low) for low, _ in VENTRICLE_BOX_MM)
    return Field3D(
        values=_signed_distance_mm(inside, 0.7, VENTRICLE_SPACING_MM),
        origin_mm=(low_x, low_y, low_z),
        spacing_mm=VENTRICLE_SPACING_MM,
    )
