"""All artifacts by name, applied to a slice as it was decoded.

A definition here is part of published figures: changing one means a new
`ARTIFACTS_VERSION`, and results of two versions cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.robustness_spec import SEVERITIES, ArtifactName
from tumorscope.mri_artifacts.bias_field import shade
from tumorscope.mri_artifacts.blur import truncate_k_space
from tumorscope.mri_artifacts.down_sampling import down_sample
from tumorscope.mri_artifacts.gamma import change_gamma
from tumorscope.mri_artifacts.ghosting import add_ghosts
from tumorscope.mri_artifacts.jpeg import compress_jpeg
from tumorscope.mri_artifacts.motion import move_head
from tumorscope.mri_artifacts.rician_noise import add_rician_noise
from tumorscope.mri_artifacts.spike import add_spike

ARTIFACTS_VERSION = 1
SMALLEST_SIDE_PX = 16
Image = NDArray[np.float64]
FIXED: MappingProxyType[str, Callable[[Image, int], Image]] = MappingProxyType(
    {
        "ghost": add_ghosts,
        "blur/Gibbs": truncate_k_space,
        "down-sample": down_sample,
        "JPEG": compress_jpeg,
    }
)
"""Artifacts that chance plays no part in."""
RANDOM: MappingProxyType[str, Callable[[Image, int, np.random.Generator], Image]] = (
    MappingProxyType(
        {
            "motion": move_head,
            "spike": add_spike,
            "bias": shade,
            "Rician": add_rician_noise,
            "gamma": change_gamma,
        }
    )
)
"""Artifacts that are drawn anew for each file and severity."""


def artifact_rng(
    artifact: ArtifactName, severity: int, file_name: str
) -> np.random.Generator:
    """Return the generator of one file: the same on every machine and in every order.

    Args:
        artifact: Its name.
        severity: From 1 to 5.
        file_name: Name of the slice's file without its folder.
    """
    return np.random.default_rng(crc32(f"{artifact}|{severity}|{file_name}".encode()))


def corrupt_slice(
    pixels: NDArray[Any], artifact: ArtifactName, *, severity: int, file_name: str
) -> NDArray[Any]:
    """Return a slice as it would have been stored with an artifact.

    The artifact works on the original size, on values divided by the largest number that
    the file can hold. Its result goes back to the depth of the file: scaled to full range
    where it exceeds it, as a scanner exports it, then rounded. Preprocessing scales every
    sequence by its own percentiles, so that a common factor changes no score. A picture
    whose three channels are equal holds one sequence, which has one noise.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16. Left
            unchanged.
        artifact: Its name.
        severity: From 1 to 5.
        file_name: Name of the slice's file without its folder; part of the seed.

    Returns:
        Shape and dtype of `pixels`.

    Raises:
        DataError: If the severity is unknown, or a side has less than 16 pixels.
    """
    if severity not in SEVERITIES:
        raise DataError(f"severity {severity}: choose among {list(SEVERITIES)}")
    if min(pixels.shape[:2]) < SMALLEST_SIDE_PX:
        raise DataError(
            f"{file_name}: {pixels.shape[0]} x {pixels.shape[1]} pixels are too few for "
            f"artifacts; both sides need {SMALLEST_SIDE_PX}"
        )
    full = np.iinfo(pixels.dtype).max
    sequences = _distinct_sequences(pixels)
    image = sequences.astype(np.float64) / full  # (height, width, sequences)
    if artifact in FIXED:
        corrupted = FIXED[artifact](image, severity)
    else:
        rng = artifact_rng(artifact, severity, file_name)
        corrupted = RANDOM[artifact](image, severity, rng)
    scaled = corrupted / max(1.0, float(corrupted.max()))
    stored = np.rint(scaled * full).astype(pixels.dtype)
    return np.broadcast_to(
        stored if pixels.ndim == 3 else stored[..., 0], pixels.shape
    ).copy()


def _distinct_sequences(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return shape (height, width, sequences): one where all channels are equal."""
    if pixels.ndim == 2:
        return pixels[..., None]
    first = pixels[..., :1]
    return first if bool((pixels == first).all()) else pixels
