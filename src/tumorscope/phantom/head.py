"""A head without lesions: brain, fluid, vessels, skull, face and scalp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom.atlas import HeadAtlas, Volume
from tumorscope.phantom.contrast import Contrast, paint
from tumorscope.phantom.geometry import HeadShape
from tumorscope.phantom.noise import draw_noise_field, ramp

# Least-squares T1 template intensity of pure grey matter, white matter and fluid; what is
# left over is deep grey matter, myelin and the like.
TEMPLATE_SIGNAL = (0.677, 0.875, 0.143)
EYE_MM = (33.0, 62.0, -41.0)
EYE_RADIUS_MM = 12.2
ORBIT_APEX_MM = (13.0, 20.0, -35.0)


def find_brain(
    points_mm: Volume, skull_mm: Volume, shape: HeadShape, atlas: HeadAtlas
) -> dict[str, Volume]:
    """Look up the brain's tissue, aged as the person is.

    Args:
        points_mm: Shape (3, n), float32: where the tissue came from.
        skull_mm: Shape (n,), signed distance to the skull where it is now.
        shape: The person.
        atlas: The tissue maps.

    Returns:
        Per point `points_mm` (3, n) and, (n,) each: `wm`, `gm` and `fluid` (shares that
        sum to 1), `detail` (T1 left over by the shares), `skull_mm`, `ventricle_mm`.
    """
    gm, wm = atlas.gm.at(points_mm), atlas.wm.at(points_mm)
    fluid = np.clip(1 - gm - wm, 0, 1)
    mixture = sum(
        np.float32(level) * share
        for level, share in zip(TEMPLATE_SIGNAL, (gm, wm, fluid), strict=True)
    )
    detail = (atlas.t1.at(points_mm) - mixture) * ramp(0.25 - fluid, 0.5)
    ventricle_mm = atlas.ventricle_mm.at(points_mm)
    right = ramp(points_mm[0], 12)
    growth_right, growth_left = (np.float32(g) for g in shape.ventricle_growth_mm)
    ventricle_mm = ventricle_mm - (growth_right * right + growth_left * (1 - right))
    aged = fluid ** np.float32(1 - 0.55 * shape.atrophy)
    aged = np.maximum(aged, ramp(-ventricle_mm, 1.2))
    rest = (1 - aged) / np.maximum(gm + wm, 1e-3)
    return {
        "points_mm": points_mm,
        "skull_mm": skull_mm,
        "wm": wm * rest,
        "gm": gm * rest,
        "fluid": aged,
        "detail": detail,
        "ventricle_mm": ventricle_mm,
    }


def paint_brain(
    signal: NDArray[np.float32],
    brain: dict[str, Volume],
    contrast: Contrast,
    rng: np.random.Generator,
) -> None:
    """Paint tissue, fluid, falx and choroid plexus, in place.

    Args:
        signal: Shape (n, 3), float32; overwritten.
        brain: From `find_brain`.
        contrast: Signal of the tissues.
        rng: Source of randomness.
    """
    shares = np.stack([brain["gm"], brain["wm"], brain["fluid"]], axis=1)
    pure = np.stack([contrast["grey"], contrast["white"], contrast["fluid"]])
    signal[:] = shares @ pure
    # Deep nuclei lie between grey and white matter on every sequence.
    step = contrast["white"] - contrast["grey"]
    template_step = TEMPLATE_SIGNAL[1] - TEMPLATE_SIGNAL[0]
    signal += brain["detail"][:, None] * (step * np.float32(0.8 / template_step))
    x, y, z = brain["points_mm"]
    _paint_flow(signal, brain, rng)
    falx = ramp(0.9 - np.abs(x), 0.9) * ramp(-3 - brain["skull_mm"], 1)
    falx *= np.clip(brain["fluid"] * 1.6, 0, 1) * ramp(z - 6 - 0.25 * y, 12)
    falx *= ramp(brain["ventricle_mm"] - 6, 4)
    paint(signal, 0.6 * falx, contrast["dura"])
    inside = np.flatnonzero(
        (brain["ventricle_mm"] < 0) & (y < -8) & (y > -48) & (np.abs(x) > 3)
    )
    if len(inside):
        tufts = draw_noise_field(rng, 7.0, half_width_mm=60)
        wanted = ramp(tufts.at(brain["points_mm"][:, inside]) - 0.7, 0.6)
        wanted *= ramp(-14 - y[inside], 10) * brain["fluid"][inside]
        paint(signal, 0.9 * wanted, contrast["choroid"], inside)


def _paint_flow(
    signal: NDArray[np.float32], brain: dict[str, Volume], rng: np.random.Generator
) -> None:
    """Brighten fluid on FLAIR where it pulsates: cisterns at the base, third ventricle."""
    z = brain["points_mm"][2]
    strength = rng.gamma(2.0, 0.035)
    low = np.flatnonzero((z < 6) & (brain["fluid"] > 0.3))
    if len(low):
        flow = draw_noise_field(rng, 12.0)
        bright = np.clip(flow.at(brain["points_mm"][:, low]) + 0.5, 0, 2)
        share = bright * brain["fluid"][low] * ramp(-8 - z[low], 28)
        signal[low, 1] += np.float32(strength) * share


def paint_vessels(
    signal: NDArray[np.float32],
    points_mm: Volume,
    brain: dict[str, Volume],
    contrast: Contrast,
    *,
    rng: np.random.Generator,
) -> None:
    """Paint cortical vessels and venous sinuses, in place.

    A vessel is where two noise fields cross zero together, which is a curve in space.

    Args:
        signal: Shape (n, 3), float32; changed.
        points_mm: Shape (3, n): position in the head; sinuses are not displaced.
        brain: From `find_brain`.
        contrast: Signal of the tissues.
        rng: Source of randomness.
    """
    skull_mm = brain["skull_mm"]
    scale_mm = 17.0
    fields = draw_noise_field(rng, scale_mm), draw_noise_field(rng, scale_mm)
    wet = np.flatnonzero((brain["fluid"] > 0.25) & (brain["ventricle_mm"] > 3))
    if len(wet):
        near = brain["points_mm"][:, wet]
        distance = np.hypot(fields[0].at(near), fields[1].at(near)) * scale_mm
        share = ramp(2.8 - distance, 1.8) * np.clip(brain["fluid"][wet] * 1.5, 0, 1)
        paint(signal, 0.85 * share, contrast["vessel"], wet)
    edge = np.flatnonzero((skull_mm > -9) & (skull_mm < 1.5))
    x, y, z = points_mm[:, edge]
    depth = -skull_mm[edge]
    upper = ramp(z - 8 + np.maximum(-y - 60, 0), 20)
    sagittal = ramp(3.8 - np.abs(x) - 0.5 * depth, 2.5) * ramp(6.5 - depth, 3) * upper
    level = -24 + 3 * np.sin(x / 25)
    transverse = ramp(4.0 - np.abs(z - level), 2) * ramp(4.5 - depth, 1.5)
    transverse *= ramp(-52 - y, 8) * ramp(depth, 1)
    paint(signal, np.maximum(sagittal, transverse), contrast["vessel"], edge)


def paint_shells(
    signal: NDArray[np.float32],
    outside: dict[str, Volume],
    shape: HeadShape,
    contrast: Contrast,
    *,
    rng: np.random.Generator,
) -> None:
    """Paint air, scalp, muscle, skull, skull base and face, in place.

    Args:
        signal: Shape (n, 3), float32; overwritten.
        outside: Per point `points_mm` (3, n) and `skull_mm`, `head_mm` (n,).
        shape: Thickness of bone and scalp.
        contrast: Signal of the tissues.
        rng: Source of randomness.
    """
    points_mm, beyond = outside["points_mm"], outside["head_mm"]
    uneven = draw_noise_field(rng, 45.0).at(points_mm)
    bone_mm, muscle_mm = _thickness_mm(points_mm, shape, uneven)
    fat_edge = bone_mm + muscle_mm + np.float32(shape.scalp_mm) * (1 - 0.2 * uneven)
    signal[:] = contrast["air"]
    grain = draw_noise_field(rng, 5.0).at(points_mm)
    paint(signal, ramp(fat_edge + 2.0 - beyond, 1.2), contrast["skin"])
    paint(signal, ramp(fat_edge - beyond, 1.0), contrast["fat"])
    scalp_vessel = ramp(grain - 1.7, 0.4) * ramp(fat_edge - beyond, 1.0)
    paint(signal, 0.7 * scalp_vessel, contrast["skin"])
    muscle = ramp(bone_mm + muscle_mm - 0.8 - beyond, 1.0)
    paint(signal, muscle, contrast["muscle"])
    paint(signal, muscle * ramp(grain - 1.3, 0.5), contrast["fat"])
    paint(signal, ramp(bone_mm - beyond, 1.0), contrast["bone"])
    spongy = np.minimum(beyond - 0.28 * bone_mm, 0.74 * bone_mm - beyond)
    spongy = ramp(spongy, 1.2) * ramp(bone_mm - 4.0, 2) * ramp(grain + 1.2, 1.5)
    paint(signal, 0.85 * spongy, contrast["marrow"])
    deep = np.flatnonzero((outside["skull_mm"] > 1.0) & (beyond < 1.0))
    if len(deep):
        picked = {name: values[..., deep] for name, values in outside.items()}
        base = signal[deep]
        _paint_skull_base(base, picked, contrast, rng)
        _paint_orbits(base, picked, contrast)
        share = ramp(0.0 - picked["head_mm"], 2)[:, None]
        signal[deep] = signal[deep] * (1 - share) + base * share
    dura = np.clip(1 - np.abs(outside["skull_mm"] - np.float32(0.2)) / 0.9, 0, 1)
    paint(signal, 0.5 * dura, contrast["dura"])


def _thickness_mm(
    points_mm: Volume, shape: HeadShape, uneven: Volume
) -> tuple[Volume, Volume]:
    """Return bone and muscle thickness: thin at the temple, muscle at temple and neck."""
    x, y, z = points_mm
    temple = np.exp(-(((np.abs(x) - 64) / 16) ** 2) - ((z + 14) / 28) ** 2)
    temple *= np.exp(-(((y - 4) / 36) ** 2))
    bone_mm = np.float32(shape.bone_mm) * (1 + 0.14 * uneven) * (1 - 0.5 * temple)
    neck = ramp(-76 - y, 24) * ramp(-26 - z, 14) * np.exp(-((x / 48) ** 4))
    muscle_mm = 10 * temple + 8 * neck
    return np.maximum(bone_mm, 2.2), muscle_mm


def _paint_skull_base(
    signal: NDArray[np.float32],
    outside: dict[str, Volume],
    contrast: Contrast,
    rng: np.random.Generator,
) -> None:
    x, y, z = outside["points_mm"]
    side = np.abs(x)
    coarse = draw_noise_field(rng, 11.0).at(outside["points_mm"])
    fine = draw_noise_field(rng, 4.5).at(outside["points_mm"])
    signal[:] = contrast["bone"]
    paint(signal, 0.8 * ramp(coarse + 0.3 * fine - 0.1, 0.8), contrast["marrow"])
    mastoid = ramp(side - 26, 8) * ramp(-y - 2, 12) * ramp(fine - 0.1, 0.4)
    paint(signal, mastoid, contrast["air"])
    clivus = ramp(9 - side, 3) * ramp(2 - y, 6) * ramp(y + 24, 6)
    paint(signal, 0.9 * clivus, contrast["marrow"])
    front = ramp(y - 12, 8) * ramp(outside["skull_mm"] - 3, 2)
    paint(signal, front * ramp(side - 14, 6), contrast["muscle"])
    paint(signal, front * ramp(side - 14, 6) * ramp(coarse, 0.8), contrast["fat"])
    nose = ramp(13 - side, 2) * ramp(y - 4, 6) * ramp(-16 - z, 6)
    paint(signal, nose, contrast["air"])
    septum = np.maximum(ramp(1.2 - side, 1), ramp(0.28 - np.abs(fine), 0.2))
    paint(signal, 0.75 * nose * septum, contrast["mucosa"])


def _paint_orbits(
    signal: NDArray[np.float32], outside: dict[str, Volume], contrast: Contrast
) -> None:
    x, y, z = outside["points_mm"]
    side = np.abs(x)
    apex, eye = np.array(ORBIT_APEX_MM), np.array(EYE_MM)
    along = np.clip((y - apex[1]) / (eye[1] - apex[1]), 0, 1.35).astype(np.float32)
    off_axis = np.hypot(
        side - (apex[0] + along * (eye[0] - apex[0])),
        z - (apex[2] + along * (eye[2] - apex[2])),
    )
    cone_mm = 3 + 15 * np.minimum(along, 1)
    orbit = ramp(cone_mm - off_axis, 1.5) * ramp(y - apex[1], 3)
    paint(signal, orbit, contrast["fat"])
    muscles = ramp(1.6 - np.abs(off_axis - 0.72 * cone_mm), 1) * orbit
    paint(signal, muscles * ramp(1.02 - along, 0.1), contrast["muscle"])
    paint(signal, ramp(2.0 - off_axis, 1) * orbit, contrast["muscle"])
    to_eye = np.sqrt((side - eye[0]) ** 2 + (y - eye[1]) ** 2 + (z - eye[2]) ** 2)
    globe = ramp(np.float32(EYE_RADIUS_MM) - to_eye, 1)
    paint(signal, globe, contrast["muscle"])
    paint(signal, ramp(EYE_RADIUS_MM - 1.4 - to_eye, 1), contrast["vitreous"])
    lens = np.hypot((y - eye[1] - 8.5) / 2.2, np.hypot(side - eye[0], z - eye[2]) / 4.5)
    paint(signal, ramp(1 - lens, 0.5), contrast["muscle"])
