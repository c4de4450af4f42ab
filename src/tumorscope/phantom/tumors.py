"""Tumours: core, enhancing rim, and oedema that follows white matter.

Slices of a tumour patient that the tumour does not reach are slices without tumour.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom.atlas import Volume
from tumorscope.phantom.blobs import Blob, draw_blob, near_rows, pick_point, relative_mm
from tumorscope.phantom.contrast import Contrast, paint
from tumorscope.phantom.noise import ramp

RADIUS_MM = (5.0, 28.0)  # log-uniform: small lesions are as common as large ones
MAX_PUSH_MM = 10.0
MASK_SHARE = 0.5  # of a pixel that must be tumour or oedema


@dataclass(frozen=True, slots=True, kw_only=True)
class Tumor:
    """One tumour.

    Attributes:
        growth: "diffuse", "ring", "nodular" or "meningeal".
        blob: Shape of core and rim.
        softness_mm: Width of the core's edge.
        edema_mm: How far oedema reaches in white matter.
        necrosis: Share of the radius that is necrotic.
        enhancement: How much of the solid part takes up contrast agent, in [0, 1].
        conspicuity: How much of the pathological signal replaces the normal one.
    """

    growth: str
    blob: Blob
    softness_mm: float
    edema_mm: float
    necrosis: float
    enhancement: float
    conspicuity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    share: float
    largest_mm: float
    softness_mm: tuple[float, float]
    edema: tuple[float, float]  # in radii
    necrosis: tuple[float, float]
    enhancement: tuple[float, float]
    push: tuple[float, float]  # in radii


_GROWTHS = MappingProxyType(
    {
        "diffuse": _Growth(
            share=0.4,
            largest_mm=28,
            softness_mm=(3.0, 7.0),
            edema=(0.0, 0.3),
            necrosis=(0.0, 0.0),
            enhancement=(0.0, 0.15),
            push=(0.05, 0.25),
        ),
        "ring": _Growth(
            share=0.28,
            largest_mm=26,
            softness_mm=(1.2, 2.5),
            edema=(0.5, 1.2),
            necrosis=(0.45, 0.78),
            enhancement=(0.5, 1.0),
            push=(0.2, 0.4),
        ),
        "nodular": _Growth(
            share=0.17,
            largest_mm=13,
            softness_mm=(1.0, 2.0),
            edema=(0.3, 1.8),
            necrosis=(0.0, 0.6),
            enhancement=(0.6, 1.0),
            push=(0.1, 0.35),
        ),
        "meningeal": _Growth(
            share=0.15,
            largest_mm=22,
            softness_mm=(0.8, 1.5),
            edema=(0.0, 0.6),
            necrosis=(0.0, 0.0),
            enhancement=(0.7, 1.0),
            push=(0.4, 0.6),
        ),
    }
)


def draw_tumors(
    rng: np.random.Generator, candidates: dict[str, Volume]
) -> tuple[Tumor, ...]:
    """Draw the tumours of one patient; nodular ones may be several.

    Args:
        rng: Source of randomness.
        candidates: Points on the slices, see `geometry.candidate_points`; centres are
            taken from them, so that each tumour is met by a slice.

    Returns:
        One to four tumours.
    """
    names = list(_GROWTHS)
    growth = str(rng.choice(names, p=[_GROWTHS[name].share for name in names]))
    count = int(rng.choice([1, 1, 2, 3, 4])) if growth == "nodular" else 1
    return tuple(_draw_tumor(rng, candidates, growth) for _ in range(count))


def _draw_tumor(
    rng: np.random.Generator, candidates: dict[str, Volume], growth: str
) -> Tumor:
    kind = _GROWTHS[growth]
    low_mm, high_mm = RADIUS_MM[0], min(RADIUS_MM[1], kind.largest_mm)
    radius_mm = float(np.exp(rng.uniform(np.log(low_mm), np.log(high_mm))))
    push_mm = min(radius_mm * rng.uniform(*kind.push), MAX_PUSH_MM)
    center_mm = pick_point(
        rng, candidates, _possible_centers(candidates, growth, radius_mm)
    )
    return Tumor(
        growth=growth,
        blob=draw_blob(rng, center_mm, radius_mm, push_mm),
        softness_mm=min(rng.uniform(*kind.softness_mm), radius_mm * 0.6),
        edema_mm=min(radius_mm * rng.uniform(*kind.edema), 22.0),
        necrosis=rng.uniform(*kind.necrosis),
        enhancement=rng.uniform(*kind.enhancement),
        conspicuity=rng.uniform(0.6, 1.0),
    )


def _possible_centers(
    candidates: dict[str, Volume], growth: str, radius_mm: float
) -> NDArray[np.bool_]:
    height_mm = candidates["points_mm"][2]
    skull_mm = candidates["skull_mm"]
    if growth == "meningeal":
        return (skull_mm > -0.6 * radius_mm - 2) & (skull_mm < -0.3 * radius_mm)
    deep = skull_mm < -(3 + 0.4 * radius_mm)
    # Most tumours of adults lie above the tentorium.
    level = height_mm > -18
    return deep & level & (candidates["tissue"] > 0.8)


def paint_tumor(
    signal: NDArray[np.float32],
    tumor: Tumor,
    contrast: Contrast,
    brain: dict[str, Volume],
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Paint one tumour with its oedema, in place.

    Args:
        signal: Shape (n, 3), float32; changed.
        tumor: What to paint.
        contrast: Signal of the tissues.
        brain: Per point `points_mm` (3, n) and `wm`, `fluid`, `skull_mm` (n,).

    Returns:
        Rows near the tumour, and for each whether it belongs to core, rim or oedema.
    """
    blob = tumor.blob
    reach_mm = 2.2 * blob.radius_mm + tumor.edema_mm + tumor.softness_mm
    rows = near_rows(brain["points_mm"], blob.center_mm, reach_mm)
    points_mm = brain["points_mm"][:, rows]
    depth = blob.depth_mm(points_mm)
    inside = ramp(-brain["skull_mm"][rows], 1.5)
    solid = ramp(depth, tumor.softness_mm) * inside
    if tumor.growth == "diffuse":
        solid *= (
            1 - 0.85 * brain["fluid"][rows]
        )  # infiltrates, does not fill ventricles
    along_white = np.float32(tumor.edema_mm) * (0.1 + 0.9 * brain["wm"][rows])
    edema = ramp(depth + along_white, 4.0) * inside * (1 - brain["fluid"][rows])
    edema *= min(tumor.edema_mm / 2, 1.0)
    patchy = np.clip(
        1 - 0.22 * blob.roughness[0].at(relative_mm(blob, points_mm)), 0, 1
    )
    paint(signal, tumor.conspicuity * patchy * edema, contrast["edema"], rows)
    strength = tumor.conspicuity * patchy if tumor.growth == "diffuse" else 1.0
    value = _solid_signal(tumor, contrast, points_mm)
    paint(signal, strength * solid, value, rows)
    if tumor.necrosis > 0:
        dead = ramp(depth - (1 - tumor.necrosis) * blob.radius_mm, 1.6) * inside
        paint(signal, dead, contrast["necrosis"], rows)
    return rows, np.maximum(solid, edema) > MASK_SHARE


def _solid_signal(
    tumor: Tumor, contrast: Contrast, points_mm: Volume
) -> NDArray[np.float32]:
    """Return the signal of the solid part, uneven in its uptake; shape (n, 3)."""
    offset = relative_mm(tumor.blob, points_mm)
    uneven = 0.0 if tumor.growth == "meningeal" else 0.35
    noise = tumor.blob.roughness[1].at(offset[::-1])
    uptake = np.clip(tumor.enhancement * (1 + uneven * noise), 0, 1)[:, None]
    value = contrast["solid"] + uptake * (contrast["enhancing"] - contrast["solid"])
    if tumor.growth == "meningeal":
        value = 0.5 * (value + contrast["grey"])  # near grey matter before contrast
        value[:, 2] += 0.4 * uptake[:, 0] * contrast["enhancing"][2]
    return value * (1 + np.float32(0.06) * noise[:, None])
