"""Inputs that the gate must tell from head MRI like the training data, in tiers.

Tier 1 is no head MRI at all. Tier 2 is head MRI of another plane or sequence. Tier 3 is
the right slice, spoiled by an artifact of the highest severity. Beside them stand broken
exports: inverted, tiled, written on. All are made by script; those that start from slices
get them from the caller, who must pass patients that the gate never saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import nibabel as nib
import numpy as np
from gate_scenes import SCENES, Picture, to_bytes
from numpy.typing import NDArray

from tumorscope.mri_artifacts.catalog import FIXED, RANDOM, corrupt_slice
from tumorscope.phantom.atlas import load_atlas
from tumorscope.phantom.patient import make_patient
from tumorscope.phantom.spec import PhantomSpec

TIERS = {
    1: "no head MRI: photo, texture, CT, X-ray, other anatomy, blank",
    2: "wrong sequence or plane",
    3: "severe artifact",
    4: "broken export: inverted, tiled, written on",
}
HEAD_SHARE = (
    0.62  # height of a stack of axial slices over its width, about 150 of 240 mm
)
WORST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongInput:
    """One input that the gate should not accept.

    Attributes:
        tier: Key of `TIERS`.
        kind: What it is, e.g. "knee".
        pixels: Shape (height, width) or (height, width, 3), uint8.
    """

    tier: int
    kind: str
    pixels: Picture


def foreign_pictures(*, per_kind: int, sequences: int, seed: int) -> list[WrongInput]:
    """Return tier 1.

    For a model of three sequences, a grey picture becomes three by three random curves, so
    that the equality of the channels is not what gives it away.

    Args:
        per_kind: Pictures of each kind.
        sequences: 1 or 3.
        seed: Seed of all draws.
    """
    rng = np.random.default_rng(seed)
    found = []
    for kind, paint in SCENES.items():
        for _ in range(per_kind):
            picture = paint(rng)
            if sequences == 3 and picture.ndim == 2:
                picture = as_three(picture, rng)
            found.append(WrongInput(tier=1, kind=kind, pixels=picture))
    return found


def as_three(grey: Picture, rng: np.random.Generator) -> Picture:
    """Return three unlike copies of a grey picture, each with a curve of its own."""
    planes = [(grey / 255.0) ** np.exp(rng.uniform(-0.7, 0.7)) for _ in range(3)]
    return to_bytes(np.stack(planes, axis=2))


def cut_planes(
    volume: NDArray[Any], *, height_px: int, places: Sequence[float]
) -> Iterator[tuple[str, Picture]]:
    """Yield coronal and sagittal cuts through a stack of axial slices.

    Args:
        volume: Shape (slices, height, width) or (..., 3), uint8; lowest slice first, nose
            up, patient's right on the left.
        height_px: Height of the cuts: that of the stack in pixels of a slice.
        places: Where to cut, as shares of the stack's depth and width, in (0, 1).
    """
    _, depth, width = volume.shape[:3]
    for place in places:
        for name, cut in (
            ("coronal", volume[::-1, round(place * depth)]),
            ("sagittal", volume[::-1, :, round(place * width)]),
        ):
            size = (cut.shape[1], height_px)
            whole = np.ascontiguousarray(cut)
            tall = cv2.resize(whole, size, interpolation=cv2.INTER_CUBIC)
            yield name, _on_square(tall)


def _on_square(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    side = max(height, width)
    rows, columns = side - height, side - width
    return cv2.copyMakeBorder(
        picture,
        rows // 2,
        rows - rows // 2,
        columns // 2,
        columns - columns // 2,
        cv2.BORDER_CONSTANT,
        value=0,
    )


def wrong_planes_of(
    volumes: Sequence[NDArray[Any]], *, places: Sequence[float], source: str
) -> list[WrongInput]:
    """Return tier 2 cuts of stacks whose slices have a 240 mm field of view."""
    return [
        WrongInput(tier=2, kind=f"{plane}, {source}", pixels=cut)
        for volume in volumes
        for plane, cut in cut_planes(
            volume, height_px=round(HEAD_SHARE * volume.shape[2]), places=places
        )
    ]


def template_planes(*, sequences: int, seed: int, cuts: int) -> list[WrongInput]:
    """Return sagittal and coronal cuts of the MNI152 T1 template; brain only, 1 mm."""
    rng = np.random.default_rng(seed)
    axial = np.moveaxis(load_atlas().t1.values, 2, 0)  # (z, x, y)
    volume = to_bytes(np.swapaxes(axial, 1, 2)[:, ::-1])  # (z, y, x), nose up
    found = []
    for name, cut in cut_planes(
        volume, height_px=volume.shape[0], places=np.linspace(0.25, 0.75, cuts).tolist()
    ):
        pixels = as_three(cut, rng) if sequences == 3 else cut
        found.append(WrongInput(tier=2, kind=f"{name}, MNI template", pixels=pixels))
    return found


def phantom_volumes(*, patients: int, seed: int) -> list[Picture]:
    """Return stacks of phantom heads, shape (80, 160, 160, 3), about 1.5 mm each way."""
    spec = PhantomSpec(
        patients=max(patients, 2), slices_per_patient=80, size_px=160, seed=seed
    )
    return [make_patient(spec, index).slices for index in range(patients)]


def read_case(folder: Path, *, levels: range) -> dict[str, Picture]:
    """Read axial slices of a BraTS case, skull-stripped.

    Args:
        folder: Holds `*_t1.nii.gz`, `*_t2.nii.gz`, `*_t1ce.nii.gz` and `*_flair.nii.gz`.
        levels: Slices to take, in mm above the lowest.

    Returns:
        For each sequence shape (slices, 240, 240), uint8; empty without the folder.
    """
    found = {}
    for path in sorted(folder.glob("*.nii.gz")):
        name = path.name.removesuffix(".nii.gz").rpartition("_")[2]
        if name == "seg":
            continue
        values = np.asarray(nib.load(path).dataobj, dtype=np.float32)
        top = np.percentile(values[values > 0], 99.9)
        axial = np.moveaxis(values[..., list(levels)], 2, 0) / top
        found[name] = to_bytes(np.swapaxes(axial, 1, 2))
    return found


def wrong_sequences_of_case(
    case: dict[str, Picture], sequences: int
) -> list[WrongInput]:
    """Return tier 2 slices of a BraTS case with T2 or T1 where FLAIR belongs."""
    if not case:
        return []
    chosen = {
        name: case[name]
        if sequences == 1
        else np.stack([case["t1"], case[name], case["t1ce"]], 3)
        for name in ("t1", "t2")
    }
    return [
        WrongInput(tier=2, kind=f"{name.upper()} for FLAIR, BraTS case", pixels=pixels)
        for name, stack in chosen.items()
        for pixels in stack
    ]


def wrong_sequences_of(slices: Sequence[Picture], sequences: int) -> list[WrongInput]:
    """Return tier 2: T1 in the place of FLAIR, or FLAIR and T1 exchanged.

    Args:
        slices: Shape (height, width, 3) each: T1, FLAIR, T1 with contrast; slices whose T1
            is a copy of FLAIR are left out.
        sequences: 1 or 3.
    """
    known = [one for one in slices if not np.array_equal(one[..., 0], one[..., 1])]
    return [
        WrongInput(
            tier=2,
            kind="T1 for FLAIR" if sequences == 1 else "FLAIR and T1 exchanged",
            pixels=one[..., 0] if sequences == 1 else one[..., [1, 0, 2]],
        )
        for one in known
    ]


def spoiled(slices: Sequence[Picture], names: Sequence[str]) -> list[WrongInput]:
    """Return tier 3: each slice with one artifact of severity 5, all artifacts in turn."""
    artifacts = (*FIXED, *RANDOM)
    return [
        WrongInput(
            tier=3,
            kind=artifacts[number % len(artifacts)],
            pixels=corrupt_slice(
                pixels,
                artifacts[number % len(artifacts)],
                severity=WORST,
                file_name=name,
            ),
        )
        for number, (pixels, name) in enumerate(zip(slices, names, strict=True))
    ]


def broken_exports(slices: Sequence[Picture], *, seed: int) -> list[WrongInput]:
    """Return slices that are inverted, tiled, or written on, in turn."""
    rng = np.random.default_rng(seed)
    found = []
    for number, pixels in enumerate(slices):
        kind = ("inverted", "tiled", "written on")[number % 3]
        if kind == "inverted":
            changed = 255 - pixels
        elif kind == "tiled":
            small = cv2.resize(
                pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
            )
            row = np.concatenate([small, small], axis=1)
            changed = np.concatenate([row, row], axis=0)
        else:
            changed = _write_on(pixels, rng)
        found.append(WrongInput(tier=4, kind=kind, pixels=changed))
    return found


def _write_on(pixels: Picture, rng: np.random.Generator) -> Picture:
    """Return a copy with four lines of text, as a viewer burns them in."""
    written = np.ascontiguousarray(pixels).copy()
    height, width = written.shape[:2]
    for x, y in ((4, 14), (4, height - 8), (width - 70, 14), (width - 70, height - 8)):
        text = f"{rng.choice(['IM', 'SE', 'TR', 'W', 'L'])}: {rng.integers(10, 9999)}"
        color = (255, 255, 255)
        cv2.putText(written, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, 1)
    return written
