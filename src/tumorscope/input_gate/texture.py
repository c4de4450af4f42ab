"""Fixed hand-made features of one sequence: layout, edges, spectrum, texture, grey values.

Nothing here is learned, so that nothing has to be downloaded and no feature knows what a
tumor is.

References:
    Dalal and Triggs (2005), CVPR: histograms of oriented gradients. Ojala et al. (2002),
    IEEE TPAMI 24: rotation-invariant uniform local binary patterns.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.input_gate.picture import SIDE_PX

LAYOUT_CELLS = 8
EDGE_CELLS = 4
ORIENTATIONS = 6
RADIAL_BINS = 16
SHELLS = 8
BANDS = ((0.05, 0.15), (0.15, 0.3), (0.3, 0.5))  # cycles per pixel
PERCENTILES = (5, 25, 50, 75, 95)
PATTERN_STEP = 0.01  # smaller differences are no edge of a local binary pattern
SMALL = 1e-6
_Plane = NDArray[np.float32]
_Features = NDArray[np.float32]


def texture_features(
    plane: _Plane, inside: NDArray[np.bool_], depth: NDArray[np.int64]
) -> _Features:
    """Describe one sequence.

    Args:
        plane: Shape (128, 128), float32, in [0, 1.5]; bright tissue is at 1.
        inside: Shape (128, 128), bool: the head.
        depth: Shape (128, 128), int64, from `depth_shells`.

    Returns:
        Shape (features,), float32, finite.
    """
    side = (SIDE_PX // 2, SIDE_PX // 2)
    smaller = cv2.resize(plane, side, interpolation=cv2.INTER_AREA)
    half = smaller.astype(np.float32, copy=False)
    inside_half = inside[::2, ::2]
    return np.concatenate(
        [
            _layout(plane),
            _edges(half),
            _spectrum(plane),
            _patterns(plane, inside),
            _patterns(half, inside_half),
            _grey_values(plane, inside),
            _depth_profile(plane, depth),
            _roughness(plane, inside),
            _roughness(half, inside_half),
        ]
    ).astype(np.float32)


def _layout(plane: _Plane) -> _Features:
    cells = (LAYOUT_CELLS, LAYOUT_CELLS)
    pooled = cv2.resize(plane, cells, interpolation=cv2.INTER_AREA)
    return pooled.ravel().astype(np.float32, copy=False)


def depth_shells(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each pixel its shell below the outline: 0 is air, 8 is the middle."""
    edge_px = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    deepest = max(float(edge_px.max()), 1.0)
    return np.ceil(edge_px * np.float32(SHELLS / deepest)).astype(np.int64)


def _depth_profile(plane: _Plane, depth: NDArray[np.int64]) -> _Features:
    """Return mean and spread of the values by depth: scalp, skull, cortex, white matter."""
    flat, values = depth.ravel(), plane.ravel()
    counts = np.maximum(np.bincount(flat, minlength=SHELLS + 1), 1)
    mean = np.bincount(flat, weights=values, minlength=SHELLS + 1) / counts
    square = np.bincount(flat, weights=values**2, minlength=SHELLS + 1) / counts
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return np.concatenate([mean[1:] / max(mean[1:].mean(), SMALL), spread[1:]])


def _edges(plane: _Plane) -> _Features:
    """Return root shares of the edge strength by cell and orientation, and its total."""
    along_x = cv2.Sobel(plane, cv2.CV_32F, 1, 0)
    along_y = cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(along_x, along_y)
    orientation = (angle * np.float32(ORIENTATIONS / np.pi)).astype(np.int64)
    orientation %= ORIENTATIONS
    cell = np.arange(plane.shape[0]) * EDGE_CELLS // plane.shape[0]
    place = (cell[:, None] * EDGE_CELLS + cell[None, :]) * ORIENTATIONS + orientation
    sums = np.bincount(
        place.ravel(),
        weights=strength.ravel(),
        minlength=EDGE_CELLS * EDGE_CELLS * ORIENTATIONS,
    )
    total = sums.sum()
    shares = np.sqrt(sums / max(total, SMALL))
    return np.append(shares, np.log(total / strength.size + SMALL))


def _window() -> tuple[_Plane, NDArray[np.int64], NDArray[np.float64], list[_Plane]]:
    hann = np.hanning(SIDE_PX).astype(np.float32)
    fy = np.fft.fftfreq(SIDE_PX)[:, None]
    fx = np.fft.rfftfreq(SIDE_PX)[None, :]
    radius = np.hypot(fy, fx)
    ring = np.minimum((radius * 2 * RADIAL_BINS).astype(np.int64), RADIAL_BINS)
    angle = np.arctan2(fy, fx)
    bands = [(radius >= low) & (radius < high) for low, high in BANDS]
    return hann[:, None] * hann[None, :], ring, angle, bands


HANN, RING, ANGLE, BAND_MASKS = _window()
RING_SIZES = np.bincount(RING.ravel(), minlength=RADIAL_BINS + 1)[:RADIAL_BINS]
BAND_INDEX = [np.flatnonzero(band.ravel()) for band in BAND_MASKS]
BAND_COS = [np.cos(2 * ANGLE.ravel()[index]) for index in BAND_INDEX]
BAND_COS4 = [np.cos(4 * ANGLE.ravel()[index]) for index in BAND_INDEX]


def _spectrum(plane: _Plane) -> _Features:
    """Return log power by frequency, its direction in three bands, and single peaks."""
    transformed = np.fft.rfft2((plane - plane.mean()) * HANN)
    power = (transformed.real**2 + transformed.imag**2).ravel() + SMALL
    by_ring = np.bincount(RING.ravel(), weights=power, minlength=RADIAL_BINS + 1)
    radial = np.log(by_ring[:RADIAL_BINS] / RING_SIZES)
    told = [radial - radial.mean(), [radial.mean()]]
    for index, cosine, cosine4 in zip(BAND_INDEX, BAND_COS, BAND_COS4, strict=True):
        band = power[index]
        logs = np.log(band)
        told.append(
            [
                float(logs @ cosine) / len(index),
                float(logs @ cosine4) / len(index),
                float(np.log(band.max() / band.mean())),
                float(logs.std()),
            ]
        )
    return np.concatenate(told)


def _pattern_table() -> NDArray[np.int64]:
    """Return for each 8-bit pattern its rotation-invariant uniform class, 0 to 9."""
    codes = np.arange(256)
    bits = (codes[:, None] >> np.arange(8)) & 1
    changes = (bits != np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9)


PATTERNS = _pattern_table()
NEIGHBORS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def _patterns(plane: _Plane, inside: NDArray[np.bool_]) -> _Features:
    size = plane.shape[0]
    center = plane[1:-1, 1:-1] + np.float32(PATTERN_STEP)
    code = np.zeros(center.shape, dtype=np.uint8)
    for bit, (dy, dx) in enumerate(NEIGHBORS):
        neighbor = plane[1 + dy : size - 1 + dy, 1 + dx : size - 1 + dx]
        code |= (neighbor > center).view(np.uint8) << np.uint8(bit)
    counts = np.bincount(code[inside[1:-1, 1:-1]], minlength=256)
    by_class = np.bincount(PATTERNS, weights=counts, minlength=10)
    return np.sqrt(by_class / max(counts.sum(), 1))


def _grey_values(plane: _Plane, inside: NDArray[np.bool_]) -> _Features:
    told = []
    for part in (plane[inside], plane[~inside]):
        if part.size == 0:
            told += [0.0] * (len(PERCENTILES) + 1)
            continue
        ordered = np.sort(part)
        places = [round(one / 100 * (part.size - 1)) for one in PERCENTILES]
        told += [*ordered[places], part.std()]
    return np.array(told)


def _roughness(plane: _Plane, inside: NDArray[np.bool_]) -> _Features:
    """Return log strength of what neither a plane nor an edge explains: noise."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    rough = np.abs(cv2.filter2D(plane, cv2.CV_32F, kernel))
    within, air = rough[inside], rough[~inside]
    return np.log(
        np.array(
            [
                within.mean() if within.size else 0.0,
                np.median(within) if within.size else 0.0,
                air.mean() if air.size else 0.0,
            ]
        )
        + 1e-3
    )
