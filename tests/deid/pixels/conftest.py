"""Heads made of ellipses, with text of a known place."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tumorscope.deid.pixels.brain_mask import BrainMask, find_brain
from tumorscope.deid.pixels.pixel_spec import BrainSpec
from tumorscope.domain.volume import Volume


def draw_head(size: int = 160) -> NDArray[np.uint16]:
    """Return one axial section: scalp 600, dark bone, brain 500 with two ventricles."""
    picture = np.zeros((size, size), np.uint16)
    middle = size // 2
    ellipses = [(0, 50, 62, 600), (0, 45, 57, 30), (0, 40, 52, 500)]
    ellipses += [(-8, 4, 14, 100), (8, 4, 14, 100)]
    for aside, wide, high, value in ellipses:
        ink = np.zeros(picture.shape, np.uint8)
        cv2.ellipse(ink, (middle + aside, middle), (wide, high), 0, 0, 360, 1, -1)
        picture[ink > 0] = value
    # A scanner's point spread and noise: real heads have no edges of one pixel.
    blurred = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.2)
    noise = 1 + 0.06 * np.random.default_rng(0).standard_normal(picture.shape)
    shown = (blurred * noise).clip(0, 700).astype(np.uint16)
    shown[picture == 0] = 0
    return shown


def write(picture: NDArray[Any], text: str, at: tuple[int, int], value: int):
    """Write text of about 10 px; `at` is the lower left corner: column, row."""
    ink = np.zeros(picture.shape, np.uint8)
    cv2.putText(ink, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)
    new = picture.copy()
    new[ink > 127] = value
    return new


def stack(voxels: NDArray, spacing_mm=(3.0, 1.5, 1.5)) -> Volume:
    """Return axial slices, lowest first, front at the top."""
    origins = np.zeros((len(voxels), 3))
    origins[:, 2] = np.arange(len(voxels)) * spacing_mm[0]
    return Volume(
        voxels=voxels,
        origins_mm=origins,
        row_step_mm=np.array([0, spacing_mm[1], 0]),
        column_step_mm=np.array([spacing_mm[2], 0, 0]),
    )


@pytest.fixture
def head() -> NDArray[np.uint16]:
    """Return one section."""
    return draw_head()


def make_head() -> Volume:
    """Return ellipsoids: scalp, bone, brain, and a nose; 150 mm high, from the chin up."""
    z, y, x = np.mgrid[0:56, 0:96, 0:80].astype(np.float32)
    z, y, x = (z - 27) * 3, (y - 50) * 2, (x - 40) * 2  # mm; y grows to the back

    def ball(depth: float, wide: float, long: float, up: float = 0.0):
        return ((z - up) / depth) ** 2 + (x / wide) ** 2 + (y / long) ** 2 <= 1

    voxels = np.zeros(z.shape, np.uint16)
    voxels[ball(75, 70, 85)] = 300
    voxels[ball(69, 64, 79)] = 20
    brain = ball(50, 56, 71, up=10)
    voxels[brain] = 500
    nose = (np.abs(x) < 8) & (y < -60) & (y > -94) & (z < -40) & (z > -60)
    voxels[nose] = 300
    return stack(voxels, (3.0, 2.0, 2.0))


@pytest.fixture(scope="session")
def head_volume() -> Volume:
    """Return a head with a face."""
    return make_head()


@pytest.fixture(scope="session")
def head_mask(head_volume: Volume) -> BrainMask:
    """Return the brain of that head."""
    return find_brain(head_volume, BrainSpec())
