"""One patient of a phantom cohort: a person drawn, scanned and returned as pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.phantom.atlas import HeadAtlas, Volume, load_atlas
from tumorscope.phantom.blobs import displace
from tumorscope.phantom.cohort import Enrolment, person_rng, plan_cohort, scan_rng
from tumorscope.phantom.contrast import Contrast, draw_contrast
from tumorscope.phantom.geometry import (
    STILL,
    HeadShape,
    Posture,
    SliceGrid,
    candidate_points,
    draw_head_shape,
    place_slices,
)
from tumorscope.phantom.head import find_brain, paint_brain, paint_shells, paint_vessels
from tumorscope.phantom.mimics import Mimics, draw_mimics, paint_mimics
from tumorscope.phantom.noise import ramp
from tumorscope.phantom.scanners import SCANNERS, acquire
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.phantom.tumors import Tumor, draw_tumors, paint_tumor

REFERENCE_FOV_MM = 240.0
DRAWING_SIZE_PX = 256  # lesions are drawn on this grid, whatever the pictures' size
HEAD_MARGIN_MM = 30.0  # skull, muscle and scalp lie within this distance
TEXTURE = 0.025  # relative unevenness of tissue


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomPatient:
    """A scan and what is known of it.

    Attributes:
        patient_id: "P0001" and so on.
        site: Name of the site.
        scanner: Name of the scanner.
        sex: "F" or "M".
        age_years: Age at the scan.
        has_tumor: Whether the patient has a tumour.
        growth: Growth pattern of the tumour; empty without one.
        slices: Shape (n, height, width, 3), uint8; channels T1, FLAIR, T1 with contrast.
            Axial, lowest first; the patient's right is on the left of the picture.
        masks: Shape (n, height, width), bool: tumour core, rim and oedema.
        levels_mm: Shape (n,), level of each slice along the head, MNI millimetres.
    """

    patient_id: str
    site: str
    scanner: str
    sex: str
    age_years: float
    has_tumor: bool
    growth: str
    slices: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    levels_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    shape: HeadShape
    tumors: tuple[Tumor, ...]
    mimics: Mimics


def make_patient(spec: PhantomSpec, index: int) -> PhantomPatient:
    """Draw, deform, paint and scan one patient.

    The result depends on the spec and the index only. Repeated patients are made here;
    cues of border and size and copied slices are planted where the cohort is written.

    Args:
        spec: The cohort.
        index: Which patient id, from 0 to `spec.patient_ids - 1`.

    Returns:
        The scan, its masks and its table entries.

    Raises:
        ConfigError: If the index is outside the cohort.
    """
    if not 0 <= index < spec.patient_ids:
        raise ConfigError(
            f"patient index {index} is outside the cohort: use 0 to "
            f"{spec.patient_ids - 1}"
        )
    enrolment = plan_cohort(spec).enrolments[index]
    atlas = load_atlas()
    person = _draw_person(spec, enrolment, atlas)
    rng = scan_rng(spec, index)
    scanner = SCANNERS[enrolment.site][enrolment.scanner_index]
    grid = place_slices(
        person.shape,
        _draw_posture(rng) if enrolment.repeat_of else STILL,
        slices=spec.slices_per_patient,
        size_px=spec.size_px,
        fov_mm=scanner.fov_mm,
    )
    contrast = draw_contrast(scanner, rng)
    signal, masks = _paint(person, grid, contrast, rng)
    return PhantomPatient(
        patient_id=enrolment.patient_id,
        site=enrolment.site,
        scanner=scanner.name,
        sex=person.shape.sex,
        age_years=person.shape.age_years,
        has_tumor=enrolment.has_tumor,
        growth=person.tumors[0].growth if person.tumors else "",
        slices=acquire(signal, scanner, rng),
        masks=masks,
        levels_mm=grid.levels_mm,
    )


def _draw_person(spec: PhantomSpec, enrolment: Enrolment, atlas: HeadAtlas) -> _Person:
    rng = person_rng(spec, enrolment.person)
    shape = draw_head_shape(rng)
    # Findings are drawn before the tumour, so that both groups have the same ones.
    grid = place_slices(
        shape,
        STILL,
        slices=spec.slices_per_patient,
        size_px=DRAWING_SIZE_PX,
        fov_mm=REFERENCE_FOV_MM,
    )
    candidates = candidate_points(grid, atlas)
    mimics = draw_mimics(rng, candidates, shape.age_years)
    tumors = draw_tumors(rng, candidates) if enrolment.has_tumor else ()
    return _Person(shape=shape, tumors=tumors, mimics=mimics)


def _draw_posture(rng: np.random.Generator) -> Posture:
    return Posture(
        shift_mm=rng.normal(0, (0.7, 0.7, 0.4)), turn_degrees=float(rng.normal(0, 0.7))
    )


def _paint(
    person: _Person, grid: SliceGrid, contrast: Contrast, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the noise-free signal (slices, size, size, 3) and the tumour's masks."""
    atlas = load_atlas()
    size = (grid.slices, grid.size_px, grid.size_px)
    every_mm = grid.head_mm.reshape(3, -1)
    head_mm = atlas.head_mm.at(every_mm)
    head = np.flatnonzero(head_mm < HEAD_MARGIN_MM)
    points_mm = every_mm[:, head]
    skull_mm = atlas.skull_mm.at(points_mm)
    signal = np.empty((len(head), 3), np.float32)
    outer = np.flatnonzero(skull_mm > -1)
    shells = np.empty((len(outer), 3), np.float32)
    outside = {
        "points_mm": points_mm[:, outer],
        "skull_mm": skull_mm[outer],
        "head_mm": head_mm[head[outer]],
    }
    paint_shells(shells, outside, person.shape, contrast, rng=rng)
    signal[outer] = shells

    inner = np.flatnonzero(skull_mm < 1)
    offset_mm = grid.brain_offset_mm.reshape(3, -1)[:, head[inner]]
    inside_mm = points_mm[:, inner]
    tissue, near = _paint_inside(
        person, (inside_mm, offset_mm, skull_mm[inner]), contrast, rng
    )
    share = ramp(-skull_mm[inner], 1.2)[:, None]
    outer_signal = np.where(skull_mm[inner, None] > -1, signal[inner], 0)
    signal[inner] = tissue * share + outer_signal * (1 - share)

    texture = rng.standard_normal((len(head), 1), dtype=np.float32)
    signal *= 1 + np.float32(TEXTURE) * texture
    full = np.empty((every_mm.shape[1], 3), np.float32)
    full[:] = contrast["air"]
    full[head] = signal
    masks = np.zeros(every_mm.shape[1], dtype=bool)
    masks[head[inner[near]]] = True
    return full.reshape(*size, 3), masks.reshape(size)


def _paint_inside(
    person: _Person,
    where: tuple[Volume, Volume, Volume],
    contrast: Contrast,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the signal inside the skull, (n, 3), and the rows that are tumour."""
    inside_mm, offset_mm, skull_mm = where
    blobs = tuple(
        [tumor.blob for tumor in person.tumors]
        + [*person.mimics.infarcts, *person.mimics.cysts]
    )
    moved_mm = inside_mm + offset_mm + displace(inside_mm, skull_mm, blobs)
    brain = find_brain(moved_mm, skull_mm, person.shape, load_atlas())
    signal = np.empty((len(skull_mm), 3), np.float32)
    paint_brain(signal, brain, contrast, rng)
    # Hyperintensities belong to the tissue and move with it; lesions stay where they are.
    placed = brain | {"points_mm": inside_mm}
    paint_mimics(signal, person.mimics, contrast, placed)
    tumor_rows = [np.empty(0, np.intp)]
    for tumor in person.tumors:
        rows, is_tumor = paint_tumor(signal, tumor, contrast, placed)
        tumor_rows.append(rows[is_tumor])
    paint_vessels(signal, inside_mm, brain, contrast, rng=rng)
    return signal, np.unique(np.concatenate(tumor_rows))
