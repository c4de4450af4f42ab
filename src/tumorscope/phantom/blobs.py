"""Irregular ellipsoids: the shape of every lesion, and what they push aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tumorscope.phantom.atlas import Field3D, Volume
from tumorscope.phantom.noise import draw_noise_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """An irregular ellipsoid with two lobes.

    Attributes:
        center_mm: Shape (3,), MNI position.
        radius_mm: Mean radius.
        stretch: Shape (3, 3), volume-preserving.
        lobe_mm: Shape (3,), offset of the second lobe.
        roughness: Noise that bends the surface, relative to the centre; two scales.
        push_mm: How far the surface displaced what was there; negative pulls.
        reach_mm: Length over which the displacement fades.
    """

    center_mm: NDArray[np.float64]
    radius_mm: float
    stretch: NDArray[np.float64]
    lobe_mm: NDArray[np.float64]
    roughness: tuple[Field3D, Field3D]
    push_mm: float
    reach_mm: float

    def depth_mm(self, points_mm: Volume) -> Volume:
        """Return the depth below the irregular surface; negative outside.

        Args:
            points_mm: Shape (3, n), float32.

        Returns:
            Shape (n,), float32.
        """
        offset = relative_mm(self, points_mm)
        stretch = self.stretch.astype(np.float32)
        first = np.linalg.norm(stretch @ offset, axis=0)
        lobe = self.lobe_mm.astype(np.float32)[:, None]
        second = np.linalg.norm(stretch @ (offset - lobe), axis=0)
        nearest = np.minimum(first, second + np.float32(0.3 * self.radius_mm))
        bent = 0.2 * self.roughness[0].at(offset) + 0.07 * self.roughness[1].at(offset)
        return np.float32(self.radius_mm) * (1 - bent) - nearest

    def displacement_mm(self, points_mm: Volume) -> Volume:
        """Return the vector to where the tissue at each point came from; (3, n)."""
        offset = relative_mm(self, points_mm)
        radius = np.maximum(np.sqrt(np.einsum("in,in->n", offset, offset)), 1e-3)
        beyond = np.exp((self.radius_mm - radius) / np.float32(self.reach_mm))
        size = np.float32(self.push_mm) * np.minimum(radius / self.radius_mm, beyond)
        return -offset * (size / radius)


def draw_blob(
    rng: np.random.Generator,
    center_mm: NDArray[np.float64],
    radius_mm: float,
    push_mm: float,
) -> Blob:
    """Draw an irregular ellipsoid.

    Args:
        rng: Source of randomness.
        center_mm: Shape (3,), MNI position.
        radius_mm: Mean radius.
        push_mm: How far it displaces its surroundings; negative pulls.

    Returns:
        The blob; its volume is about that of a ball of the radius.
    """
    turn = Rotation.from_quat(rng.standard_normal(4)).as_matrix()
    axes = np.exp(rng.normal(0, 0.18, 3))
    axes /= np.prod(axes) ** (1 / 3)
    direction = rng.standard_normal(3)
    lobe_mm = direction / np.linalg.norm(direction) * radius_mm * rng.uniform(0.3, 0.9)
    half_width_mm = 2.5 * radius_mm + 25
    return Blob(
        center_mm=center_mm,
        radius_mm=radius_mm,
        stretch=turn @ np.diag(axes) @ turn.T,
        lobe_mm=lobe_mm,
        roughness=(
            draw_noise_field(rng, 0.8 * radius_mm, half_width_mm=half_width_mm),
            draw_noise_field(
                rng, max(0.3 * radius_mm, 2.0), half_width_mm=half_width_mm
            ),
        ),
        push_mm=push_mm,
        reach_mm=max(2.5 * abs(push_mm), 12.0),
    )


def pick_point(
    rng: np.random.Generator,
    candidates: dict[str, Volume],
    possible: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return one possible point; the deepest one where none is possible."""
    rows = np.flatnonzero(possible)
    row = rng.choice(rows) if len(rows) else int(np.argmin(candidates["skull_mm"]))
    return candidates["points_mm"][:, row].astype(np.float64)


def displace(points_mm: Volume, skull_mm: Volume, blobs: tuple[Blob, ...]) -> Volume:
    """Return the displacement of brain tissue by all lesions.

    Args:
        points_mm: Shape (3, n), float32, MNI positions.
        skull_mm: Shape (n,), signed distance to the skull, which does not give way.
        blobs: What displaces.

    Returns:
        Shape (3, n), float32: add it to the position at which tissue is looked up.
    """
    shift = np.zeros_like(points_mm)
    yielding = np.clip(-skull_mm / np.float32(8), 0.1, 1)
    for blob in blobs:
        shift += blob.displacement_mm(points_mm) * yielding
    return shift


def relative_mm(blob: Blob, points_mm: Volume) -> Volume:
    """Return points, shape (3, n), relative to the centre of a blob."""
    return points_mm - blob.center_mm.astype(np.float32)[:, None]


def near_rows(
    points_mm: Volume, center_mm: NDArray[np.float64], half_mm: float
) -> NDArray[np.intp]:
    """Return the rows of the points in a cube around a centre."""
    rows = np.flatnonzero(np.abs(points_mm[2] - center_mm[2]) < half_mm)
    for axis in (0, 1):
        near = np.abs(points_mm[axis, rows] - center_mm[axis]) < half_mm
        rows = rows[near]
    return rows
