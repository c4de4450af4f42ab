"""Draws docs/images/artifact_contact_sheet.png: every artifact at every severity.

Run from the repository root: `python docs/scripts/make_artifact_contact_sheet.py`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.robustness_spec import ALL_ARTIFACTS, SEVERITIES
from tumorscope.mri_artifacts import corrupt_slice
from tumorscope.phantom import SEQUENCES, PhantomSpec, make_patient, plan_cohort

OUT = Path(__file__).parents[1] / "images" / "artifact_contact_sheet.png"
SPEC = PhantomSpec(seed=7)
TILE_PX = 132
CROP_PX = 28  # air at every side
CAPTION_PX = 92
FILE_NAME = "slice-6.png"  # its poses change in the middle of k-space, where it shows
HEAD_PX = 18
GREY_STEP = 0xF0  # sixteen greys: noise in the lowest bits trebles the file


def choose_slice() -> NDArray[np.uint8]:
    """Return the largest cut of the first tumor, shape (height, width, 3)."""
    entries = plan_cohort(SPEC).enrolments
    index = next(number for number, one in enumerate(entries) if one.has_tumor)
    patient = make_patient(SPEC, index)
    return patient.slices[int(patient.masks.sum(axis=(1, 2)).argmax())]


def draw_tile(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return FLAIR of a slice at the size of a tile."""
    grey = np.ascontiguousarray(pixels[..., SEQUENCES.index("flair")])
    grey = grey[CROP_PX:-CROP_PX, CROP_PX:-CROP_PX]
    size = (TILE_PX, TILE_PX)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def draw_text(text: str, *, height: int, width: int) -> NDArray[np.uint8]:
    """Return a black field with a few words."""
    field = np.zeros((height, width), np.uint8)
    place = (4, height // 2 + 4)
    cv2.putText(field, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 230, 1)
    return field


def main() -> None:
    """Write the contact sheet: a row for each artifact, the clean slice first."""
    clean = choose_slice()
    titles = ("", "clean", *(f"severity {one}" for one in SEVERITIES))
    rows = [
        np.hstack(
            [
                draw_text(title, height=HEAD_PX, width=width)
                for title, width in zip(
                    titles, (CAPTION_PX, *[TILE_PX] * 6), strict=True
                )
            ]
        )
    ]
    for artifact in ALL_ARTIFACTS:
        corrupted = [
            corrupt_slice(clean, artifact, severity=one, file_name=FILE_NAME)
            for one in SEVERITIES
        ]
        tiles = [draw_tile(pixels) for pixels in (clean, *corrupted)]
        name = draw_text(artifact, height=TILE_PX, width=CAPTION_PX)
        rows.append(np.hstack([name, *tiles]))
    OUT.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT), np.vstack(rows) & GREY_STEP, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
