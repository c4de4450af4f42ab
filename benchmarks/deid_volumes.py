"""Head volumes whose brain and tumor are known: phantoms; and BRAINIX, where they are not.

The brain of a phantom is what its atlas says is gray or white matter at each voxel. A
lesion moves tissue a little, so that the truth is exact to about a millimeter near it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pydicom
from cohorts import data_folder
from numpy.typing import NDArray
from reporting import Figure

from tumorscope.deid.pixels.brain_mask import BrainMask, find_brain
from tumorscope.deid.pixels.face import judge_face
from tumorscope.deid.pixels.face_removal import deface_head, strip_skull
from tumorscope.deid.pixels.pixel_spec import BrainSpec
from tumorscope.domain.volume import Volume
from tumorscope.phantom import PhantomSpec, make_patient, plan_cohort
from tumorscope.phantom.atlas import load_atlas
from tumorscope.phantom.cohort import person_rng
from tumorscope.phantom.geometry import STILL, draw_head_shape, place_slices
from tumorscope.phantom.scanners import SCANNERS

SLICES = 36
TISSUE_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHead:
    """One volume.

    Attributes:
        name: Patient and sequence.
        volume: The voxels, radiological order.
        brain: Shape of the voxels, bool: gray and white matter; None where unknown.
        tumor: Same: the reference tumor.
    """

    name: str
    volume: Volume
    brain: NDArray[np.bool_] | None = None
    tumor: NDArray[np.bool_] | None = None


def phantom_heads(count: int) -> Iterator[KnownHead]:
    """Yield the three sequences of some phantoms with a tumor."""
    spec = PhantomSpec(
        patients=max(count, 2), slices_per_patient=SLICES, tumor_share=1.0, seed=11
    )
    for index in range(count):
        one = make_patient(spec, index)
        brain, spacing_mm = _truth(spec, index, one.levels_mm)
        for channel, sequence in enumerate(("T1", "FLAIR", "T1 with contrast")):
            yield KnownHead(
                name=f"{one.patient_id}, {sequence}",
                volume=_volume(one.slices[..., channel], one.levels_mm, spacing_mm),
                brain=brain | one.masks,
                tumor=one.masks,
            )


def _truth(
    spec: PhantomSpec, index: int, levels_mm: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], float]:
    """Return where the atlas has tissue, and the spacing of the pixels."""
    enrolment = plan_cohort(spec).enrolments[index]
    scanner = SCANNERS[enrolment.site][enrolment.scanner_index]
    shape = draw_head_shape(person_rng(spec, enrolment.person))
    grid = place_slices(
        shape,
        STILL,
        slices=len(levels_mm),
        size_px=spec.size_px,
        fov_mm=scanner.fov_mm,
    )
    atlas = load_atlas()
    points_mm = grid.head_mm.reshape(3, -1)
    inside = np.flatnonzero(atlas.skull_mm.at(points_mm) < 0)
    moved_mm = points_mm[:, inside] + grid.brain_offset_mm.reshape(3, -1)[:, inside]
    tissue = atlas.gm.at(moved_mm) + atlas.wm.at(moved_mm)
    brain = np.zeros(points_mm.shape[1], dtype=bool)
    brain[inside[tissue > TISSUE_SHARE]] = True
    return brain.reshape(grid.head_mm.shape[1:]), scanner.fov_mm / spec.size_px


def _volume(
    voxels: NDArray[np.uint8], levels_mm: NDArray[np.float64], spacing_mm: float
) -> Volume:
    origins = np.zeros((len(voxels), 3))
    origins[:, 2] = levels_mm
    return Volume(
        voxels=voxels,
        origins_mm=origins,
        row_step_mm=np.array([0, spacing_mm, 0]),
        column_step_mm=np.array([spacing_mm, 0, 0]),
    )


def brainix_heads() -> Iterator[KnownHead]:
    """Yield the two series of BRAINIX, where they are at hand."""
    for folder in sorted((data_folder() / "dicom" / "brainix").glob("*")):
        files = [pydicom.dcmread(path) for path in folder.glob("*.dcm")]
        across = np.cross(*np.array(files[0].ImageOrientationPatient).reshape(2, 3))
        files.sort(key=lambda one: float(np.array(one.ImagePositionPatient) @ across))
        row_mm, column_mm = (float(one) for one in files[0].PixelSpacing)
        axes = np.array(files[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
        yield KnownHead(
            name=f"BRAINIX {folder.name}",
            volume=Volume(
                voxels=np.stack([one.pixel_array for one in files]),
                origins_mm=np.array(
                    [one.ImagePositionPatient for one in files], dtype=float
                ),
                row_step_mm=axes[1] * row_mm,
                column_step_mm=axes[0] * column_mm,
            ),
        )


def volume_figures(count: int) -> list[Figure]:
    """Strip and deface heads, and count what was lost and what was left."""
    spec = BrainSpec()
    figures = []
    for head in (*phantom_heads(count), *brainix_heads()):
        mask = find_brain(head.volume, spec)
        figures.append(
            Figure(
                name=f"brain mask believed: {head.name}",
                value=float(mask.has_passed),
                note=f"{mask.volume_ml:.0f} ml; {'; '.join(mask.failures) or 'passed'}; "
                f"face: {judge_face(head.volume, mask).verdict}",
            )
        )
        if mask.has_passed:
            figures += _losses(head, mask, spec)
    return figures


def _losses(head: KnownHead, mask: BrainMask, spec: BrainSpec) -> list[Figure]:
    stripped = strip_skull(head.volume, mask)
    defaced = deface_head(head.volume, mask, spec)
    background = head.volume.voxels.min()
    outside = int((stripped.voxels[~mask.brain] != background).sum())
    figures = [
        Figure(
            name=f"voxels outside the mask after stripping: {head.name}",
            value=outside,
            goal=0,
        )
    ]
    if head.brain is None or head.tumor is None:
        return figures
    for name, part, goal in (
        ("brain", head.brain, 0.005),
        ("tumor", head.tumor, 0.001),
    ):
        for what, kept in (("stripping", stripped.kept), ("defacing", defaced.kept)):
            lost = float((part & ~kept).sum() / max(part.sum(), 1))
            figures.append(
                Figure(
                    name=f"{name} lost by {what}: {head.name}", value=lost, goal=goal
                )
            )
    return figures
