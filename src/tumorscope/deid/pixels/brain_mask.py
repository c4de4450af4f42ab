"""The brain of a head volume, and whether the mask that was found can be believed.

Tissue is what is brighter than a share of the middle of the head; the skull is dark, so
that a few millimeters of erosion part brain from scalp; the largest part is grown back,
its sulci are filled and a margin is added. No atlas, no network, no file.

References:
    Shattuck et al., NeuroImage 13 (2001) 856-876: erosion, largest part and dilation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tumorscope.deid.pixels.pixel_spec import BrainSpec
from tumorscope.domain.volume import Volume

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainMask:
    """The brain and its surroundings.

    Attributes:
        brain: Shape (slices, rows, columns), bool: brain with a margin.
        head: Same: the head, filled.
        volume_ml: Of the mask.
        solidity: Share of its convex outline that the largest section fills.
        leak: Share of bright tissue within 3 mm outside the mask, in [0, 1].
        rim_ml: That tissue.
        failures: Why the mask is not believed, in words; empty where it is.
    """

    brain: Mask
    head: Mask
    volume_ml: float
    solidity: float
    leak: float
    rim_ml: float
    failures: tuple[str, ...]

    @property
    def has_passed(self) -> bool:
        """Whether the mask is believed."""
        return not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """A coarser copy of a volume; `steps` are voxels of the original for each of it."""

    voxels: NDArray[np.float32]
    steps: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


def find_brain(volume: Volume, spec: BrainSpec) -> BrainMask:
    """Find the brain in a head volume.

    Args:
        volume: Slices at even distances, any orientation; left unchanged.
        spec: Settings.

    Returns:
        The mask with its checks. A volume without contrast, without an even grid or
        without anything like a brain has an empty mask and says why.
    """
    problem = why_unfit(volume)
    if problem:
        empty = np.zeros(volume.voxels.shape, dtype=bool)
        return _nothing(empty, problem)
    grid = _coarsen(volume, spec.working_mm)
    head, level = _find_head(grid)
    brain = _grow_brain(grid, head, level, spec)
    if not brain.any():
        return _nothing(_refine(head, grid, volume), "no part like a brain was found")
    leak, rim_ml = _measure_leak(grid, brain, level * spec.tissue_share)
    fine = _refine(brain, grid, volume)
    volume_ml = float(brain.sum() * np.prod(grid.spacing_mm) / 1000)
    solidity = _solidity(brain)
    return BrainMask(
        brain=fine,
        head=_refine(head, grid, volume),
        volume_ml=volume_ml,
        solidity=solidity,
        leak=leak,
        rim_ml=rim_ml,
        failures=_judge(volume_ml, solidity, leak, spec),
    )


def find_head(volume: Volume, working_mm: float) -> Mask:
    """Return the filled head alone, which takes a tenth of the time of the brain.

    Args:
        volume: A volume for which `why_unfit` says nothing; left unchanged.
        working_mm: Spacing that it is found at; mm.

    Returns:
        Shape of the voxels, bool; empty where nothing stands out of the air.
    """
    grid = _coarsen(volume, working_mm)
    return _refine(_find_head(grid)[0], grid, volume)


def below_skin(volume: Volume, head: Mask, spec: BrainSpec) -> Mask:
    """Return the head without its outermost millimeters, which hold all of a face's skin.

    Args:
        volume: The volume.
        head: Its head.
        spec: Settings; `skin_mm` goes.
    """
    return _depth(head, _spacing(volume)) > spec.skin_mm


def _nothing(head: Mask, problem: str) -> BrainMask:
    return BrainMask(
        brain=np.zeros_like(head),
        head=head,
        volume_ml=0.0,
        solidity=0.0,
        leak=1.0,
        rim_ml=0.0,
        failures=(problem,),
    )


def why_unfit(volume: Volume) -> str:
    """Return why a volume cannot be worked on; empty where it can.

    Args:
        volume: Any volume.
    """
    if len(volume.voxels) < 3:
        return "fewer than three slices: no volume to cut a brain out of"
    if not volume.is_even:
        return "slices at uneven distances"
    if not bool(np.isfinite(volume.voxels).all()):
        return "voxels that are no numbers"
    if volume.voxels.min() == volume.voxels.max():
        return "all voxels have one value"
    return ""


def _spacing(volume: Volume) -> tuple[float, float, float]:
    return (float(np.linalg.norm(volume.slice_step_mm)), *volume.spacing_mm)


def _coarsen(volume: Volume, wanted_mm: float) -> _Grid:
    """Average blocks of voxels to about the working spacing."""
    spacing = _spacing(volume)
    steps = tuple(max(1, round(wanted_mm / one)) for one in spacing)
    voxels: NDArray[Any] = volume.voxels.astype(np.float32)
    pads = [(0, -count % step) for count, step in zip(voxels.shape, steps, strict=True)]
    voxels = np.pad(voxels, pads, mode="edge")
    for axis, step in enumerate(steps):
        split = list(voxels.shape)
        split[axis : axis + 1] = [split[axis] // step, step]
        voxels = voxels.reshape(split).mean(axis=axis + 1)
    return _Grid(
        voxels=voxels,
        steps=(steps[0], steps[1], steps[2]),
        spacing_mm=(
            spacing[0] * steps[0],
            spacing[1] * steps[1],
            spacing[2] * steps[2],
        ),
    )


def _refine(mask: Mask, grid: _Grid, volume: Volume) -> Mask:
    """Bring a mask back to the grid of the volume."""
    fine = mask
    for axis, step in enumerate(grid.steps):
        fine = fine.repeat(step, axis=axis)
    slices, rows, columns = volume.voxels.shape
    return np.ascontiguousarray(fine[:slices, :rows, :columns])


def _find_head(grid: _Grid) -> tuple[Mask, float]:
    """Return the filled head, and the middle intensity of its inner half."""
    voxels = grid.voxels
    low, high = (float(one) for one in np.percentile(voxels, (2, 99)))
    scaled = np.clip((voxels - low) / max(high - low, 1e-9), 0, 1) * 255
    flat = scaled.astype(np.uint8).reshape(len(voxels), -1)
    otsu, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = scaled > 0.5 * otsu
    bright = _dilate(bright, 4.0, grid.spacing_mm)
    head = _erode(_fill_slices(bright), 4.0, grid.spacing_mm)
    head = _largest(head)
    if not head.any():
        return head, high
    depth = _depth(head, grid.spacing_mm)
    inner = voxels[depth >= np.percentile(depth[head], 50)] - low
    return head, low + float(np.median(inner))


def _grow_brain(grid: _Grid, head: Mask, level: float, spec: BrainSpec) -> Mask:
    """Threshold, cut bridges, keep the largest part, grow back, close, add a margin."""
    depth = _depth(head, grid.spacing_mm)
    inside = depth > spec.skin_mm
    floor = float(np.percentile(grid.voxels, 2))
    tissue = inside & (grid.voxels > floor + (level - floor) * spec.tissue_share)
    core = _largest(_erode(tissue, spec.neck_mm, grid.spacing_mm))
    if not core.any():
        return core
    # The same radius back: nothing beyond a bridge that was cut can return.
    rough = _dilate(core, spec.neck_mm, grid.spacing_mm)
    # Gyri thinner than a bridge went with it: what is too thick for scalp comes back.
    thick = _dilate(
        _erode(tissue, spec.gyrus_mm, grid.spacing_mm), spec.gyrus_mm, grid.spacing_mm
    )
    near = _dilate(rough, spec.neck_mm, grid.spacing_mm)
    closed = _close(rough | (thick & near), spec.closing_mm, grid.spacing_mm)
    filled = _fill_slices(closed)
    return _dilate(filled, spec.margin_mm, grid.spacing_mm) & inside


def _measure_leak(grid: _Grid, brain: Mask, threshold: float) -> tuple[float, float]:
    """Return which share of the shell around the mask is as bright as tissue, and ml."""
    shell = _dilate(brain, 3.0, grid.spacing_mm) & ~brain
    if not shell.any():
        return 0.0, 0.0
    bright = grid.voxels[shell] > threshold
    voxel_ml = float(np.prod(grid.spacing_mm)) / 1000
    return float(bright.mean()), float(bright.sum() * voxel_ml)


def _solidity(brain: Mask) -> float:
    """Return how much of its convex outline the largest section fills."""
    largest = brain[int(np.argmax(brain.sum(axis=(1, 2))))].astype(np.uint8)
    points = cv2.findNonZero(largest)
    hull = np.zeros_like(largest)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return float(largest.sum() / max(int(hull.sum()), 1))


def _judge(
    volume_ml: float, solidity: float, leak: float, spec: BrainSpec
) -> tuple[str, ...]:
    checks = (
        (volume_ml < spec.smallest_ml, f"only {volume_ml:.0f} ml"),
        (volume_ml > spec.largest_ml, f"{volume_ml:.0f} ml is more than a brain"),
        (solidity < spec.least_solidity, f"ragged: solidity {solidity:.2f}"),
        (leak > spec.largest_leak, f"ends inside tissue: {leak:.0%} of its rim"),
    )
    return tuple(text for is_wrong, text in checks if is_wrong)


def _depth(mask: Mask, spacing_mm: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the distance to the outside; the border of the volume is no outside."""
    padded = np.pad(mask, 1, mode="edge")
    depth = ndimage.distance_transform_edt(padded, sampling=spacing_mm)
    return np.asarray(depth)[1:-1, 1:-1, 1:-1]


def _erode(mask: Mask, radius_mm: float, spacing_mm: tuple[float, ...]) -> Mask:
    return _depth(mask, spacing_mm) > radius_mm


def _dilate(mask: Mask, radius_mm: float, spacing_mm: tuple[float, ...]) -> Mask:
    if not mask.any():
        return mask
    distance = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    return np.asarray(distance) <= radius_mm


def _close(mask: Mask, radius_mm: float, spacing_mm: tuple[float, ...]) -> Mask:
    return mask | _erode(_dilate(mask, radius_mm, spacing_mm), radius_mm, spacing_mm)


def _fill_slices(mask: Mask) -> Mask:
    """Fill holes slice by slice: a ventricle may open to the bottom of the volume."""
    return np.stack([ndimage.binary_fill_holes(one) for one in mask])


def _largest(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(np.argmax(sizes)))
