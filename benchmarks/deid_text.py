"""Slices with burned-in text of known place: what the search for text is measured on."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import nibabel as nib
import numpy as np
import pydicom
from cohorts import data_folder
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tumorscope.io.images import read_image
from tumorscope.phantom import PhantomSpec, make_patient

HERSHEY = "Hershey"
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", HERSHEY)
"""Four that matplotlib ships, and the stroke font of OpenCV."""
SIZES_PX = (8, 10, 12, 16, 20, 24)
STYLES = ("light, beside", "dark box, beside", "light, on head", "dark, on head")
WORDS = (
    *("SMITH^JOHN", "DOE JANE 1961", "Miller, Anna", "ID 4837261", "17-Mar-1958"),
    *("Hospital St. Anna", "F 064Y", "Garcia"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice without text.

    Attributes:
        source: "lgg", "phantom", "brainix" or "brats18".
        patient: Whose it is.
        picture: Shape (rows, columns), float32.
    """

    source: str
    patient: str
    picture: NDArray[np.float32]

    @property
    def is_for_fitting(self) -> bool:
        """Whether weights may be fitted on it; by patient, and never brainix, brats18."""
        key = f"{self.source}{self.patient}".encode()
        return self.source in {"lgg", "phantom"} and zlib.crc32(key) % 2 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A slice with text on it.

    Attributes:
        picture: Shape (rows, columns), float32.
        box: Top, left, height and width of the text.
        font: Its font.
        size_px: Its size.
        style: One of `STYLES`.
    """

    picture: NDArray[np.float32]
    box: tuple[int, int, int, int]
    font: str
    size_px: int
    style: str


def read_slices(every: int) -> list[Slice]:
    """Return phantom slices, and those of every real set that is at hand.

    Args:
        every: Of the real slices, every n-th.
    """
    slices = [*_phantoms(), *_lgg(every * 9)]
    slices += [*_brainix()][::every] + [*_brats()][::every]
    # A slice of one value is a mistake of the set, and text on it has no value.
    return [one for one in slices if np.percentile(one.picture, 99.9) > 0]


def _phantoms() -> Iterator[Slice]:
    spec = PhantomSpec(patients=6, slices_per_patient=8, seed=5)
    for index in range(spec.patients):
        one = make_patient(spec, index)
        for number, pixels in enumerate(one.slices):
            picture = pixels[..., number % 3].astype(np.float32)
            yield Slice(source="phantom", patient=one.patient_id, picture=picture)


def _lgg(every: int) -> Iterator[Slice]:
    found = sorted((data_folder() / "lgg").glob("*/*.tif"))
    paths = [path for path in found if "_mask" not in path.stem][::every]
    for number, path in enumerate(paths):
        picture = read_image(path)[..., number % 3].astype(np.float32)
        yield Slice(source="lgg", patient=path.parent.name, picture=picture)


def _brainix() -> Iterator[Slice]:
    for path in sorted((data_folder() / "dicom" / "brainix").glob("*/*.dcm")):
        picture = pydicom.dcmread(path).pixel_array.astype(np.float32)
        yield Slice(source="brainix", patient="brainix", picture=picture)


def _brats() -> Iterator[Slice]:
    for path in sorted((data_folder() / "nifti" / "brats18").glob("*.nii.gz")):
        if "seg" in path.name:
            continue
        voxels = np.asarray(nib.Nifti1Image.from_filename(path).dataobj)
        for level in range(20, voxels.shape[2] - 15, 12):
            picture = np.rot90(voxels[..., level]).astype(np.float32)
            yield Slice(source="brats18", patient="brats18", picture=picture)


def write_on(picture: NDArray[np.float32], case: int) -> Written:
    """Return a slice with one line of text, its font, size and place by the number.

    Args:
        picture: Shape (rows, columns), float32; left unchanged.
        case: Any number; thirty cases go through all fonts and sizes.
    """
    rng = np.random.default_rng(case)
    font, size = FONTS[case % 5], SIZES_PX[case // 5 % 6]
    style = STYLES[case // 30 % 4]
    letters = _draw_letters(str(rng.choice(WORDS)), font, size)
    letters = letters[:, : picture.shape[1] - 4]
    height, width = letters.shape
    top, left = _place(picture.shape, letters.shape, style, rng)
    new = picture.copy()
    part = new[top : top + height, left : left + width]
    low, bright = float(picture.min()), float(np.percentile(picture, 99.9))
    ink = low if style.startswith("dark") else rng.uniform(0.8, 1.3) * bright
    ground = bright if "box" in style else part
    part[:] = ground * (1 - letters) + ink * letters
    return Written(
        picture=new,
        box=(top, left, height, width),
        font=font,
        size_px=size,
        style=style,
    )


def _place(
    shape: tuple[int, ...],
    text: tuple[int, ...],
    style: str,
    rng: np.random.Generator,
) -> tuple[int, int]:
    rows, columns = shape[0] - text[0], shape[1] - text[1]
    if style.endswith("beside"):
        return int(rng.choice([2, rows - 2])), int(rng.choice([2, columns - 2]))
    left = round(columns / 2 + rng.uniform(-15, 15))
    return int(shape[0] * rng.uniform(0.3, 0.65)), min(max(left, 1), columns - 1)


def _draw_letters(text: str, font: str, size: int) -> NDArray[np.float32]:
    """Return coverage by ink. Shape (height, width), float32, in [0, 1]."""
    if font == HERSHEY:
        face, scale = cv2.FONT_HERSHEY_SIMPLEX, size / 30
        (width, height), below = cv2.getTextSize(text, face, scale, 1)
        ink = np.zeros((height + below + 4, width + 4), np.uint8)
        thick = max(1, round(size / 16))
        cv2.putText(ink, text, (2, height + 1), face, scale, 255, thick, cv2.LINE_AA)
        return (ink / 255).astype(np.float32)
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    face_of_size = ImageFont.truetype(str(path), size)
    left, top, right, bottom = (round(one) for one in face_of_size.getbbox(text))
    image = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=face_of_size)
    return (np.asarray(image) / 255).astype(np.float32)
