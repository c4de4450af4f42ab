"""The sites of a cohort, their scanners, and what a scanner does to an ideal picture.

References:
    Gudbjartsson and Patz, "The Rician distribution of noisy MRI data", Magnetic Resonance
    in Medicine 34 (1995) 910-914: noise of a magnitude image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

SITES = "ABCDEF"
FULL_SCALE = (1.25, 0.92, 1.25)  # signal that a window of 1 maps to 255, by sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """How one scanner differs from the others.

    Attributes:
        name: Invented name.
        fov_mm: Side of the field of view.
        matrix_share: Share of k-space that is measured in read and phase direction; 1 is
            as many points as pixels.
        noise: Standard deviation of the complex noise; white matter on T1 is about 0.6.
        bias: Standard deviation of the log gain of the coil's field.
        coil_gain: Log gain from the head's centre to its rim; negative at high field,
            where the centre is brighter.
        contrast: Factor on the distance of every tissue from white matter, by sequence.
        fat_suppressed: Whether fat is dark, by sequence.
        window: Factor on the brightness. It does not depend on what is in the picture:
            scaling to the brightest pixel would give a bright lesion away.
    """

    name: str
    fov_mm: float
    matrix_share: tuple[float, float]
    noise: float
    bias: float
    coil_gain: float
    contrast: tuple[float, float, float]
    fat_suppressed: tuple[bool, bool, bool]
    window: float


SCANNERS: dict[str, tuple[Scanner, Scanner]] = {
    "A": (
        Scanner(
            name="Alder 1.5T",
            fov_mm=240,
            matrix_share=(1.0, 0.75),
            noise=0.026,
            bias=0.08,
            coil_gain=0.12,
            contrast=(0.85, 1.0, 0.9),
            fat_suppressed=(False, False, False),
            window=1.0,
        ),
        Scanner(
            name="Alder 3T",
            fov_mm=230,
            matrix_share=(1.0, 0.9),
            noise=0.015,
            bias=0.13,
            coil_gain=-0.15,
            contrast=(1.0, 1.1, 1.0),
            fat_suppressed=(False, False, False),
            window=1.0,
        ),
    ),
    "B": (
        Scanner(
            name="Birch 1.5T",
            fov_mm=250,
            matrix_share=(0.8, 0.65),
            noise=0.034,
            bias=0.1,
            coil_gain=0.2,
            contrast=(0.8, 0.9, 0.8),
            fat_suppressed=(False, True, False),
            window=0.85,
        ),
        Scanner(
            name="Birch 3T",
            fov_mm=240,
            matrix_share=(1.0, 0.8),
            noise=0.02,
            bias=0.16,
            coil_gain=-0.22,
            contrast=(1.05, 1.0, 1.0),
            fat_suppressed=(False, True, False),
            window=0.95,
        ),
    ),
    "C": (
        Scanner(
            name="Cedar 3T",
            fov_mm=230,
            matrix_share=(1.0, 1.0),
            noise=0.017,
            bias=0.12,
            coil_gain=-0.2,
            contrast=(1.2, 1.15, 1.15),
            fat_suppressed=(False, True, True),
            window=1.1,
        ),
        Scanner(
            name="Cedar 1.5T",
            fov_mm=240,
            matrix_share=(0.9, 0.7),
            noise=0.03,
            bias=0.07,
            coil_gain=0.1,
            contrast=(0.95, 1.0, 0.9),
            fat_suppressed=(False, False, True),
            window=0.9,
        ),
    ),
    "D": (
        Scanner(
            name="Dogwood 1T",
            fov_mm=250,
            matrix_share=(0.75, 0.6),
            noise=0.042,
            bias=0.09,
            coil_gain=0.15,
            contrast=(0.8, 0.85, 0.8),
            fat_suppressed=(False, False, False),
            window=0.8,
        ),
        Scanner(
            name="Dogwood 1.5T",
            fov_mm=240,
            matrix_share=(0.9, 0.75),
            noise=0.028,
            bias=0.09,
            coil_gain=0.1,
            contrast=(0.9, 0.95, 0.9),
            fat_suppressed=(False, False, False),
            window=1.0,
        ),
    ),
    "E": (
        Scanner(
            name="Elm 3T",
            fov_mm=235,
            matrix_share=(1.0, 0.85),
            noise=0.018,
            bias=0.18,
            coil_gain=-0.25,
            contrast=(1.1, 1.1, 1.1),
            fat_suppressed=(False, True, False),
            window=1.0,
        ),
        Scanner(
            name="Elm 3T wide",
            fov_mm=255,
            matrix_share=(0.9, 0.8),
            noise=0.018,
            bias=0.2,
            coil_gain=-0.3,
            contrast=(1.05, 1.05, 1.05),
            fat_suppressed=(False, True, True),
            window=0.9,
        ),
    ),
    "F": (
        Scanner(
            name="Fir 1.5T",
            fov_mm=230,
            matrix_share=(0.85, 0.85),
            noise=0.024,
            bias=0.06,
            coil_gain=0.08,
            contrast=(0.9, 1.05, 0.95),
            fat_suppressed=(False, False, False),
            window=1.15,
        ),
        Scanner(
            name="Fir 3T",
            fov_mm=240,
            matrix_share=(1.0, 0.9),
            noise=0.016,
            bias=0.14,
            coil_gain=-0.18,
            contrast=(1.1, 1.1, 1.1),
            fat_suppressed=(False, True, False),
            window=1.0,
        ),
    ),
}


def acquire(
    signal: NDArray[np.float32], scanner: Scanner, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Take the picture: coil, k-space, noise, magnitude, 8 bit.

    Args:
        signal: Shape (slices, height, width, sequences), float32, noise-free, about 0
            to 1.
        scanner: What takes it.
        rng: Source of randomness.

    Returns:
        Same shape, uint8. The input is left unchanged.
    """
    slices, height, width, sequences = signal.shape
    scaled = np.empty(signal.shape, np.uint8)
    window = draw_k_space_window((height, width), scanner.matrix_share)
    for channel in range(sequences):
        gain = _coil_gain((slices, height, width), scanner, rng)
        complex_parts = np.empty((2, slices, height, width), np.float32)
        rng.standard_normal(dtype=np.float32, out=complex_parts)
        # A narrow window averages noise away; the scanner's figure is for the result.
        complex_parts *= np.float32(scanner.noise * rng.uniform(0.85, 1.2))
        complex_parts[0] += signal[..., channel] * gain
        spectrum = fft.rfft2(complex_parts)
        spectrum *= window
        measured = fft.irfft2(spectrum, s=(height, width))
        magnitude = np.hypot(measured[0], measured[1])
        scale = 255 * scanner.window * rng.normal(1, 0.07) / FULL_SCALE[channel]
        scaled[..., channel] = np.clip(magnitude * np.float32(scale) + 0.5, 0, 255)
    return scaled


def draw_k_space_window(
    size_px: tuple[int, int], matrix_share: tuple[float, float]
) -> NDArray[np.float32]:
    """Return what is measured of k-space, with a soft edge against ringing.

    Args:
        size_px: Height and width of the picture.
        matrix_share: Measured share along the width (read) and the height (phase).

    Returns:
        Shape (height, width // 2 + 1), float32, in [0, 1], for `rfft2`.
    """
    height, width = size_px
    across = np.abs(np.fft.rfftfreq(width)) * 2 / matrix_share[0]
    down = np.abs(np.fft.fftfreq(height)) * 2 / matrix_share[1]
    soft = [np.clip((1.06 - axis) / 0.3, 0, 1) for axis in (down, across)]
    return np.outer(soft[0], soft[1]).astype(np.float32)


def _coil_gain(
    shape: tuple[int, int, int], scanner: Scanner, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a smooth gain, a cubic in the position; shape (slices, height, width)."""
    z, y, x = (np.linspace(-1, 1, count, dtype=np.float32) for count in shape)
    linear, square, cubic = rng.normal(0, scanner.bias, (3, 3)).astype(np.float32)
    shape_of = [
        linear[i] * axis + 0.5 * square[i] * axis**2 + 0.5 * cubic[i] * axis**3
        for i, axis in enumerate((z, y, x))
    ]
    radius = (x[None, None, :] ** 2 + y[None, :, None] ** 2) / np.float32(0.6)
    log_gain = (
        shape_of[0][:, None, None]
        + shape_of[1][None, :, None]
        + shape_of[2][None, None, :]
        + np.float32(rng.normal(0, scanner.bias)) * x[None, None, :] * y[None, :, None]
        + np.float32(scanner.coil_gain) * np.minimum(radius, 1.5)
    )
    return np.exp(log_gain).astype(np.float32)
