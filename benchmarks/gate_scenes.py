"""Pictures that are no MRI of a head, made by script: photos, textures, CT, X-ray, joints.

Photos come from the sample pictures that scikit-learn and matplotlib install; head CT and
X-ray are computed from the MNI152 tissue maps; other anatomy is painted. No patient's data.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.phantom.atlas import load_atlas

Picture = NDArray[np.uint8]
SIDE_PX = 256


def to_bytes(values: NDArray[np.floating]) -> Picture:
    """Return values in [0, 1], clipped, as 8 bit."""
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def smooth_noise(
    rng: np.random.Generator, sigma: float, side: int = SIDE_PX
) -> NDArray:
    """Return smooth noise of unit variance, shape (side, side)."""
    field = ndimage.gaussian_filter(
        rng.standard_normal((side, side)), sigma, mode="wrap"
    )
    return field / field.std()


def fractal_noise(rng: np.random.Generator, slope: float) -> NDArray:
    """Return noise whose amplitude falls with frequency to the power of `slope`."""
    fy, fx = np.fft.fftfreq(SIDE_PX)[:, None], np.fft.rfftfreq(SIDE_PX)[None]
    amplitude = 1 / np.maximum(np.hypot(fy, fx), 1 / SIDE_PX) ** slope
    phase = rng.uniform(0, 2 * np.pi, amplitude.shape)
    field = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(SIDE_PX, SIDE_PX))
    return (field - field.min()) / np.ptp(field)


def photo(rng: np.random.Generator) -> Picture:
    """Return a random crop of a sample photograph, in color."""
    images = Path(sklearn.__file__).parent / "datasets" / "images"
    samples = (
        images / "china.jpg",
        images / "flower.jpg",
        Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg",
    )
    whole = cv2.imread(str(samples[rng.integers(len(samples))]))[..., ::-1]
    side = int(rng.integers(180, min(whole.shape[:2])))
    top, left = (int(rng.integers(0, size - side + 1)) for size in whole.shape[:2])
    crop = np.ascontiguousarray(whole[top : top + side, left : left + side])
    return cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)


def vignetted_photo(rng: np.random.Generator) -> Picture:
    """Return a photograph seen through a round window on black: dark corners, no head."""
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    window = np.hypot(x / rng.uniform(0.6, 0.9), y / rng.uniform(0.6, 0.9)) < 1
    return photo(rng) * window[..., None].astype(np.uint8)


def texture(rng: np.random.Generator) -> Picture:
    """Return a fractal texture, grey."""
    return to_bytes(fractal_noise(rng, rng.uniform(0.6, 2.0)))


def landscape(rng: np.random.Generator) -> Picture:
    """Return a painted landscape in color: sky, hills, a sun."""
    y, x = np.mgrid[0 : 1 : SIDE_PX * 1j, 0 : 1 : SIDE_PX * 1j]
    picture = np.stack([0.4 + 0.3 * y, 0.6 + 0.2 * y, 0.95 - 0.1 * y], axis=2)
    sun = np.hypot(x - rng.uniform(), y - rng.uniform(0, 0.4)) < 0.07
    picture[sun] = (1, 0.9, 0.4)
    for layer in range(3):
        line = np.cumsum(rng.normal(0, 0.006, SIDE_PX)) + 0.45 + 0.17 * layer
        below = y > line[None]
        picture[below] = rng.uniform(0.1, 0.6, 3) * (1, 1.2, 0.8)
    grain = 1 + 0.15 * smooth_noise(rng, 1.5)
    return to_bytes(picture * grain[..., None])


def text_page(rng: np.random.Generator) -> Picture:
    """Return bright lines of text on black, as a screenshot or a scanned form."""
    picture = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ."))
    for row in range(24, SIDE_PX, int(rng.integers(18, 34))):
        words = "".join(rng.choice(letters, int(rng.integers(8, 22))))
        scale = float(rng.uniform(0.4, 0.7))
        cv2.putText(picture, words, (8, row), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1)
    return picture


def blank(rng: np.random.Generator) -> Picture:
    """Return faint noise, or one even grey with a few dead pixels: nothing was scanned."""
    if rng.uniform() < 0.5:
        return to_bytes(np.abs(rng.normal(0, rng.uniform(0.005, 0.03), (SIDE_PX,) * 2)))
    picture = np.full((SIDE_PX, SIDE_PX), int(rng.integers(1, 255)), np.uint8)
    picture[tuple(rng.integers(0, SIDE_PX, (2, 5)))] = 0
    return picture


def _ellipse(
    center: tuple[float, float], axes: tuple[float, float], angle: float = 0.0
) -> NDArray[np.float64]:
    """Return a soft mask; coordinates from -1 to 1."""
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    x, y = x - center[0], y - center[1]
    turned = (
        x * np.cos(angle) + y * np.sin(angle),
        y * np.cos(angle) - x * np.sin(angle),
    )
    distance = np.hypot(turned[0] / axes[0], turned[1] / axes[1])
    return np.clip((1 - distance) * min(axes) * SIDE_PX / 4, 0, 1)


def _paint(
    parts: list[tuple[NDArray[np.float64], float]], rng: np.random.Generator
) -> Picture:
    picture = np.zeros((SIDE_PX, SIDE_PX))
    for mask, level in parts:
        value = level * (1 + 0.06 * smooth_noise(rng, 2) + 0.05 * smooth_noise(rng, 12))
        picture = picture * (1 - mask) + mask * value
    noisy = np.hypot(picture + rng.normal(0, 0.015, picture.shape), 0.01)
    return to_bytes(noisy / max(float(np.percentile(noisy, 99.7)), 0.1))


def knee(rng: np.random.Generator) -> Picture:
    """Return an axial MRI-like knee: fat, muscle, femur with its patella."""
    jitter = rng.uniform(-0.05, 0.05, 8)
    return _paint(
        [
            (_ellipse((0, 0), (0.75 + jitter[0], 0.72 + jitter[1])), 0.9),
            (_ellipse((0, 0.05), (0.66 + jitter[0], 0.62 + jitter[1])), 0.35),
            (_ellipse((-0.25 + jitter[2], -0.05), (0.28, 0.33), 0.3), 0.75),
            (_ellipse((0.25 + jitter[3], -0.05), (0.28, 0.33), -0.3), 0.75),
            (_ellipse((0, 0.12 + jitter[4]), (0.12, 0.15)), 0.15),
            (_ellipse((jitter[5], -0.5), (0.22, 0.1)), 0.7),
            (_ellipse((jitter[6], 0.45), (0.07, 0.07)), rng.uniform(0.1, 1.0)),
        ],
        rng,
    )


def abdomen(rng: np.random.Generator) -> Picture:
    """Return an axial MRI-like abdomen: fat, liver, spleen, kidneys, spine, aorta."""
    jitter = rng.uniform(-0.05, 0.05, 8)
    return _paint(
        [
            (_ellipse((0, 0), (0.93, 0.65 + jitter[0])), rng.uniform(0.6, 1.0)),
            (_ellipse((0, 0), (0.85 + jitter[1], 0.56)), 0.3),
            (_ellipse((-0.4, -0.08 + jitter[2]), (0.38, 0.4), 0.4), 0.55),
            (_ellipse((0.6, 0.05 + jitter[3]), (0.16, 0.24)), 0.7),
            (_ellipse((-0.35, 0.33), (0.12, 0.14 + jitter[4]), 0.4), 0.65),
            (_ellipse((0.35, 0.33), (0.12, 0.14 + jitter[5]), -0.4), 0.65),
            (_ellipse((0, 0.35 + jitter[6]), (0.13, 0.12)), 0.5),
            (_ellipse((0.05, 0.18), (0.05, 0.05)), rng.uniform(0.05, 1.0)),
            (_ellipse((0.2, -0.3 + jitter[7]), (0.25, 0.14)), rng.uniform(0.05, 0.9)),
        ],
        rng,
    )


def thorax(rng: np.random.Generator) -> Picture:
    """Return an axial MRI-like thorax: dark lungs, heart, spine."""
    jitter = rng.uniform(-0.05, 0.05, 6)
    return _paint(
        [
            (_ellipse((0, 0), (0.92, 0.62 + jitter[0])), rng.uniform(0.5, 0.9)),
            (_ellipse((0, 0), (0.82, 0.53 + jitter[0])), 0.4),
            (_ellipse((-0.42 + jitter[1], 0), (0.32, 0.43)), 0.04),
            (_ellipse((0.42 + jitter[2], 0), (0.32, 0.43)), 0.04),
            (_ellipse((0.08, -0.12 + jitter[3]), (0.27, 0.25), 0.6), 0.6),
            (_ellipse((0.05, -0.1 + jitter[4]), (0.12, 0.1)), rng.uniform(0.1, 1.0)),
            (_ellipse((0, 0.38), (0.12, 0.12)), 0.5),
        ],
        rng,
    )


def hand(rng: np.random.Generator) -> Picture:
    """Return an axial MRI-like hand: five fingers beside each other."""
    parts = []
    for finger in range(5):
        place = (-0.7 + 0.35 * finger, rng.uniform(-0.15, 0.15))
        parts.append((_ellipse(place, (0.14, rng.uniform(0.14, 0.2))), 0.8))
        parts.append((_ellipse(place, (0.07, 0.08)), 0.45))
    return _paint(parts, rng)


def _head_fields(points_mm: NDArray[np.float32]) -> tuple[NDArray, NDArray, NDArray]:
    """Return brain tissue as CT shows it, inside of the skull, and the bone ring."""
    atlas = load_atlas()
    flat = points_mm.reshape(3, -1)
    shape = points_mm.shape[1:]
    gm, wm = (field.at(flat).reshape(shape) for field in (atlas.gm, atlas.wm))
    skull = atlas.head_mm.at(flat).reshape(shape)
    tissue = 0.42 * gm + 0.36 * wm + 0.2 * np.clip(1 - gm - wm, 0, 1)
    bone = np.clip(skull + 0.5, 0, 1) * np.clip(7.5 - skull, 0, 1)
    scalp = np.clip(skull - 6.5, 0, 1) * np.clip(13 - skull, 0, 1)
    return np.where(skull < 0, tissue, 0.22 * scalp), skull, bone


def head_ct(rng: np.random.Generator) -> Picture:
    """Return an axial head CT in a brain or bone window, from the MNI152 maps."""
    span = 128 * rng.uniform(0.9, 1.1)
    y, x = np.mgrid[span : -span : SIDE_PX * 1j, -span : span : SIDE_PX * 1j]
    level = np.full_like(x, rng.uniform(-25, 60))
    points = np.stack([x, y - 18, level]).astype(np.float32)
    tissue, _, bone = _head_fields(points)
    window = rng.choice([1.0, 1.0, 0.35])  # two of three in a brain window
    picture = np.maximum(window * tissue, bone * rng.uniform(0.9, 1.3))
    noise = rng.normal(0, 0.02, picture.shape) * (picture > 0.02)
    return to_bytes(picture + noise)


def skull_x_ray(rng: np.random.Generator) -> Picture:
    """Return a frontal or lateral skull X-ray: bone summed along the beam."""
    steps = np.linspace(-120, 120, 60, dtype=np.float32)
    side = 128
    up, across = np.mgrid[95 : -85 : side * 1j, -115 : 115 : side * 1j].astype(
        np.float32
    )
    up, across = np.repeat(up[..., None], 60, 2), np.repeat(across[..., None], 60, 2)
    beam = np.broadcast_to(steps, up.shape)
    lateral = rng.uniform() < 0.5
    points = np.stack([beam, across - 18, up] if lateral else [across, beam - 18, up])
    _, skull, bone = _head_fields(points)
    thickness = (bone * 0.9 + (skull < 0) * 0.12).sum(axis=2)
    picture = thickness / np.percentile(thickness, 99.5)
    picture = picture ** rng.uniform(0.6, 1.0) * 0.85 + 0.08 + rng.uniform(0, 0.1)
    large = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    return to_bytes(large + rng.normal(0, 0.01, large.shape))


def chest_x_ray(rng: np.random.Generator) -> Picture:
    """Return a chest X-ray: dark lungs, ribs, heart, spine."""
    y, x = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    body = 0.75 - 0.15 * np.abs(x)
    lungs = _ellipse((-0.45, -0.05), (0.34, 0.7)) + _ellipse((0.45, -0.05), (0.34, 0.7))
    heart = _ellipse((0.15, 0.25 + rng.uniform(-0.05, 0.05)), (0.35, 0.35))
    ribs = np.clip(np.sin(18 * (y + 0.5 * x**2) + rng.uniform(0, 6)) - 0.5, 0, 1)
    picture = body - 0.5 * lungs * (1 - heart) + 0.15 * ribs + 0.2 * (np.abs(x) < 0.08)
    return to_bytes(picture + 0.02 * smooth_noise(rng, 1))


SCENES: dict[str, Callable[[np.random.Generator], Picture]] = {
    "photo": photo,
    "photo in a round window": vignetted_photo,
    "texture": texture,
    "landscape": landscape,
    "text": text_page,
    "blank": blank,
    "knee": knee,
    "abdomen": abdomen,
    "thorax": thorax,
    "hand": hand,
    "head CT": head_ct,
    "skull X-ray": skull_x_ray,
    "chest X-ray": chest_x_ray,
}
