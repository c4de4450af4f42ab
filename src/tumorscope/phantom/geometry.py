"""Where the pixels of a scan lie in the atlas: position, shape and posture of a head.

Slices are axial and shown in radiological convention: the patient's right is on the left
side of the picture, the front of the head is at the top. Slices run from the lowest
upwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tumorscope.phantom.atlas import Field3D, HeadAtlas, Volume
from tumorscope.phantom.noise import draw_noise_field

HEAD_CENTER_MM = np.array([0.0, -17.0, 12.0])
LOWEST_SLICE_MM = (-38.0, -28.0)  # drawn range; temporal poles and cerebellum
HIGHEST_SLICE_MM = (66.0, 75.0)  # drawn range; vertex
COARSE_STEP = 4  # smooth fields are evaluated on every fourth pixel
HEAD_DEFORMATION = ((60.0, 3.0),)  # correlation length, sigma; mm
BRAIN_DEFORMATION = ((26.0, 2.6), (11.0, 1.2))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadShape:
    """One person's head, as a map from the scanner's space into the atlas.

    Attributes:
        sex: "F" or "M".
        age_years: Age at the scan.
        matrix: Shape (3, 3): rotation, scale and shear.
        shift_mm: Position of the head's centre in the scanner.
        lowest_mm: Level of the lowest slice, in MNI millimetres.
        highest_mm: Level of the highest slice.
        head_warp: Noise fields (scale of displacement in mm, three axes) of the head.
        brain_warp: The same for the brain only: gyri vary more than skulls.
        bone_mm: Mean thickness of the skull.
        scalp_mm: Mean thickness of the scalp's fat.
        ventricle_growth_mm: Widening of the right and the left ventricle.
        atrophy: Widening of the sulci, in [0, 1).
    """

    sex: str
    age_years: float
    matrix: NDArray[np.float64]
    shift_mm: NDArray[np.float64]
    lowest_mm: float
    highest_mm: float
    head_warp: tuple[tuple[float, tuple[Field3D, ...]], ...]
    brain_warp: tuple[tuple[float, tuple[Field3D, ...]], ...]
    bone_mm: float
    scalp_mm: float
    ventricle_growth_mm: tuple[float, float]
    atrophy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceGrid:
    """The pixels of a scan.

    Attributes:
        size_px: Height and width of a slice.
        slices: Number of slices.
        head_mm: Shape (3, slices, size, size), float32: MNI position of every pixel.
        brain_offset_mm: Shape (3, slices, size, size), float32: what brain tissue adds to
            it.
        levels_mm: Shape (slices,): level of each slice along the head's axis.
    """

    size_px: int
    slices: int
    head_mm: Volume
    brain_offset_mm: Volume
    levels_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """How the head lay in the scanner; zero for the first scan of a person.

    Attributes:
        shift_mm: Shape (3,).
        turn_degrees: Rotation about the head's long axis.
    """

    shift_mm: NDArray[np.float64]
    turn_degrees: float


STILL = Posture(shift_mm=np.zeros(3), turn_degrees=0.0)


def draw_head_shape(rng: np.random.Generator) -> HeadShape:
    """Draw a person: sex, age, and the head that goes with them."""
    sex = str(rng.choice(["F", "M"]))
    age_years = float(np.round(np.clip(rng.normal(53, 17), 18, 88)))
    size = rng.normal(1.02 if sex == "M" else 0.98, 0.025)
    scale = size * rng.normal(1.0, 0.025, 3)
    angles = rng.normal(0, (3.0, 2.0, 3.5))
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    shear = np.eye(3) + np.triu(rng.normal(0, 0.02, (3, 3)), 1)
    aged = max(age_years - 40, 0) / 40
    growth = rng.gamma(2.0, 0.3 + 0.5 * aged)
    uneven = rng.normal(0, 0.35)
    return HeadShape(
        sex=sex,
        age_years=age_years,
        matrix=turn @ shear @ np.diag(1 / scale),
        shift_mm=rng.normal(0, (3.0, 4.0, 2.0)),
        lowest_mm=rng.uniform(*LOWEST_SLICE_MM),
        highest_mm=rng.uniform(*HIGHEST_SLICE_MM),
        head_warp=_draw_warp(rng, HEAD_DEFORMATION),
        brain_warp=_draw_warp(rng, BRAIN_DEFORMATION),
        bone_mm=float(np.clip(rng.normal(6.5, 0.8), 5, 9)),
        scalp_mm=float(np.clip(rng.gamma(8, 0.6), 2.5, 7.5)),
        ventricle_growth_mm=(
            float(max(growth * (1 + uneven), 0)),
            float(max(growth * (1 - uneven), 0)),
        ),
        atrophy=float(np.clip(rng.normal(0.12 + 0.4 * aged, 0.1), 0, 0.7)),
    )


def _draw_warp(
    rng: np.random.Generator, bands: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, tuple[Field3D, ...]], ...]:
    return tuple(
        (sigma_mm, tuple(draw_noise_field(rng, scale_mm) for _ in range(3)))
        for scale_mm, sigma_mm in bands
    )


def place_slices(
    shape: HeadShape, posture: Posture, *, slices: int, size_px: int, fov_mm: float
) -> SliceGrid:
    """Lay the slices of a scan through a head.

    Args:
        shape: The person's head.
        posture: How it lay.
        slices: Number of slices.
        size_px: Height and width of a slice.
        fov_mm: Side of the field of view.

    Returns:
        The position of each pixel in the atlas.
    """
    levels_mm = np.linspace(shape.lowest_mm, shape.highest_mm, slices)
    if slices == 1:
        levels_mm[:] = (shape.lowest_mm + shape.highest_mm) / 2
    turn = Rotation.from_euler("z", posture.turn_degrees, degrees=True).as_matrix()
    matrix = turn @ shape.matrix
    offset_mm = shape.shift_mm + posture.shift_mm
    affine_mm = _affine_positions(levels_mm, size_px, fov_mm, (matrix, offset_mm))
    coarse = np.ascontiguousarray(affine_mm[:, :, ::COARSE_STEP, ::COARSE_STEP])
    head_shift = _evaluate_warp(shape.head_warp, coarse)
    brain_shift = _evaluate_warp(shape.brain_warp, coarse)
    return SliceGrid(
        size_px=size_px,
        slices=slices,
        head_mm=affine_mm + upsample(head_shift, size_px),
        brain_offset_mm=upsample(brain_shift, size_px),
        levels_mm=levels_mm,
    )


def _affine_positions(
    levels_mm: NDArray[np.float64],
    size_px: int,
    fov_mm: float,
    affine: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Volume:
    matrix, offset_mm = affine
    # Column 0 is the patient's right (+x), row 0 the front (+y).
    across_mm = fov_mm * (0.5 - (np.arange(size_px) + 0.5) / size_px)
    level_offset = (levels_mm - HEAD_CENTER_MM[2]) / matrix[2, 2]
    axes = (across_mm[None, None, :], across_mm[None, :, None])
    positions = np.empty((3, len(levels_mm), size_px, size_px), np.float32)
    for axis in range(3):
        row = matrix[axis]
        positions[axis] = (
            row[0] * (axes[0] - offset_mm[0])
            + row[1] * (axes[1] - offset_mm[1])
            + row[2] * (level_offset[:, None, None] - offset_mm[2])
            + HEAD_CENTER_MM[axis]
        )
    return positions


def _evaluate_warp(
    warp: tuple[tuple[float, tuple[Field3D, ...]], ...], points_mm: Volume
) -> Volume:
    shift = np.zeros_like(points_mm)
    for sigma_mm, fields in warp:
        for axis, field in enumerate(fields):
            shift[axis] += np.float32(sigma_mm) * field.at(points_mm)
    return shift


def upsample(coarse: Volume, size_px: int) -> Volume:
    """Bring smooth fields from every fourth pixel to every pixel.

    Args:
        coarse: Shape (..., size / COARSE_STEP, size / COARSE_STEP), float32.
        size_px: Height and width wanted.

    Returns:
        Shape (..., size, size), float32.
    """
    flat = coarse.reshape(-1, *coarse.shape[-2:])
    fine = np.empty((len(flat), size_px, size_px), np.float32)
    # Coarse sample k sits on pixel COARSE_STEP * k, not on the centre of a block.
    matrix = np.array([[1 / COARSE_STEP, 0, 0], [0, 1 / COARSE_STEP, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for index, plane in enumerate(flat):
        cv2.warpAffine(
            plane,
            matrix,
            (size_px, size_px),
            dst=fine[index],
            flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return fine.reshape(*coarse.shape[:-2], size_px, size_px)


def candidate_points(grid: SliceGrid, atlas: HeadAtlas) -> dict[str, Volume]:
    """Return coarse points of the slices with what a lesion needs to know of them.

    Returns:
        `points_mm`, shape (3, n); and per point `skull_mm`, `ventricle_mm`, `wm` and
        `tissue` (white and grey matter), shape (n,).
    """
    picked = grid.head_mm[:, :, ::COARSE_STEP, ::COARSE_STEP].reshape(3, -1)
    skull_mm = atlas.skull_mm.at(picked)
    points = np.ascontiguousarray(picked[:, skull_mm < 0])
    wm = atlas.wm.at(points)
    return {
        "points_mm": points,
        "skull_mm": skull_mm[skull_mm < 0],
        "ventricle_mm": atlas.ventricle_mm.at(points),
        "wm": wm,
        "tissue": wm + atlas.gm.at(points),
    }
