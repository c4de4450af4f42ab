"""Findings that are no tumour but look like one on FLAIR.

They are drawn for everybody from the same distribution, so that brightness on FLAIR alone
does not give the label away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom.atlas import Field3D, Volume
from tumorscope.phantom.blobs import Blob, draw_blob, near_rows, pick_point
from tumorscope.phantom.contrast import Contrast, paint
from tumorscope.phantom.noise import distance_mm, draw_noise_field, ramp

INFARCT_SHARE = 0.14
CYST_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Mimics:
    """Findings that are no tumour.

    Attributes:
        rim_mm: Width of the bright rim around the ventricles on FLAIR.
        spots: Centre and radius of round hyperintensities of white matter.
        infarcts: Old infarcts: a cavity with a bright rim, pulling at its surroundings.
        cysts: Arachnoid cysts: fluid between skull and brain.
        patchiness: Noise that breaks the rim and the spots up.
    """

    rim_mm: float
    spots: tuple[tuple[NDArray[np.float64], float], ...]
    infarcts: tuple[Blob, ...]
    cysts: tuple[Blob, ...]
    patchiness: Field3D


def draw_mimics(
    rng: np.random.Generator, candidates: dict[str, Volume], age_years: float
) -> Mimics:
    """Draw the findings that are no tumour; hyperintensities grow with age.

    Args:
        rng: Source of randomness.
        candidates: Points on the slices, see `geometry.candidate_points`.
        age_years: Age of the person.

    Returns:
        What is found; every tuple may be empty.
    """
    load = max(rng.normal((age_years - 48) / 22, 0.5), 0.0)
    white = (candidates["wm"] > 0.85) & (candidates["skull_mm"] < -10)
    white &= candidates["points_mm"][2] > -5
    spots = tuple(
        (
            pick_point(rng, candidates, white),
            float(np.clip(rng.lognormal(0.6, 0.5), 0.8, 6)),
        )
        for _ in range(rng.poisson(5 * load))
    )
    skull_mm, level_mm = candidates["skull_mm"], candidates["points_mm"][2]
    cortex = (skull_mm < -5) & (skull_mm > -16) & (level_mm > -25)
    surface = (skull_mm < -2) & (skull_mm > -7)
    infarcts = tuple(
        draw_blob(rng, pick_point(rng, candidates, cortex), rng.uniform(4, 15), -1.5)
        for _ in range(int(rng.random() < INFARCT_SHARE))
    )
    cysts = tuple(
        draw_blob(rng, pick_point(rng, candidates, surface), rng.uniform(7, 16), 5.0)
        for _ in range(int(rng.random() < CYST_SHARE))
    )
    return Mimics(
        rim_mm=float(0.6 + 1.6 * load * rng.uniform(0.5, 1.5)),
        spots=spots,
        infarcts=infarcts,
        cysts=cysts,
        patchiness=draw_noise_field(rng, 7.0),
    )


def paint_mimics(
    signal: NDArray[np.float32],
    mimics: Mimics,
    contrast: Contrast,
    brain: dict[str, Volume],
) -> None:
    """Paint what is no tumour, in place.

    Args:
        signal: Shape (n, 3), float32; changed.
        mimics: What to paint.
        contrast: Signal of the tissues.
        brain: Per point `points_mm` (3, n) and `wm`, `skull_mm`, `ventricle_mm` (n,).
    """
    points_mm, wm = brain["points_mm"], brain["wm"]
    near = np.flatnonzero((brain["ventricle_mm"] < 4 * mimics.rim_mm + 3) & (wm > 0.2))
    if len(near):
        patchy = mimics.patchiness.at(points_mm[:, near])
        # Caps: the rim is widest at the horns, which point forwards and backwards.
        horn = np.abs(points_mm[1, near] + 14) / 40
        width = np.float32(mimics.rim_mm) * (0.35 + horn + 0.45 * patchy)
        share = ramp(width - brain["ventricle_mm"][near], 1.8) * wm[near]
        paint(signal, 0.75 * share, contrast["hyperintensity"], near)
    for center_mm, radius_mm in mimics.spots:
        rows = near_rows(points_mm, center_mm, radius_mm * 2 + 1)
        near_mm = points_mm[:, rows]
        depth = radius_mm * (1 + 0.35 * mimics.patchiness.at(near_mm)) - distance_mm(
            near_mm, center_mm
        )
        paint(
            signal, 0.85 * ramp(depth, 1.8) * wm[rows], contrast["hyperintensity"], rows
        )
    for blob in mimics.infarcts:
        rows = near_rows(points_mm, blob.center_mm, blob.radius_mm * 2.2 + 4)
        depth = blob.depth_mm(points_mm[:, rows])
        inside = ramp(-brain["skull_mm"][rows] - 1, 2)
        paint(signal, 0.9 * ramp(depth + 2, 4) * inside, contrast["gliosis"], rows)
        cavity = ramp(depth - 0.35 * blob.radius_mm, 2.5) * inside
        paint(signal, cavity, contrast["fluid"], rows)
    for blob in mimics.cysts:
        rows = near_rows(points_mm, blob.center_mm, blob.radius_mm * 2.2)
        inside = ramp(-brain["skull_mm"][rows], 1.5)
        share = ramp(blob.depth_mm(points_mm[:, rows]), 1.2) * inside
        paint(signal, share, contrast["fluid"], rows)
