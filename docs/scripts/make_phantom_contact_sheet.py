"""Draws docs/images/phantom_contact_sheet.png: six phantom patients, three sequences.

Run from the repository root: `python docs/scripts/make_phantom_contact_sheet.py`.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.phantom import (
    SEQUENCES,
    PhantomPatient,
    PhantomSpec,
    make_patient,
    plan_cohort,
)

OUT = Path(__file__).parents[1] / "images" / "phantom_contact_sheet.png"
SPEC = PhantomSpec(seed=7)
COLUMNS = 5
STRIPS_ABREAST = 2
CROP_PX = 14  # air at either side
TUMOR_PATIENTS, HEALTHY_PATIENTS = 4, 2
CAPTION_PX = 24
OUTLINE = (0, 200, 255)


def choose_slices(patient: PhantomPatient) -> list[int]:
    """Return evenly spread slices, one replaced by the largest cut of the tumour."""
    picked = np.linspace(1, len(patient.slices) - 2, COLUMNS).astype(int).tolist()
    areas = patient.masks.sum(axis=(1, 2))
    if patient.has_tumor:
        largest = int(areas.argmax())
        nearest = int(np.argmin([abs(index - largest) for index in picked]))
        picked[nearest] = largest
    return picked


def draw_strip(patient: PhantomPatient) -> NDArray[np.uint8]:
    """Return one patient: a row for each sequence, the mask outlined on the last."""
    rows = []
    for channel in range(len(SEQUENCES)):
        tiles = []
        for index in choose_slices(patient):
            grey = patient.slices[index, ..., channel]
            tile = cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB)
            if SEQUENCES[channel] == "t1c":
                mask = patient.masks[index].astype(np.uint8)
                outlines = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[
                    0
                ]
                cv2.drawContours(tile, outlines, -1, OUTLINE[::-1], 1)
            tiles.append(tile[CROP_PX:-CROP_PX, CROP_PX:-CROP_PX])
        rows.append(np.hstack(tiles))
    state = patient.growth if patient.has_tumor else "no tumor"
    caption = np.zeros((CAPTION_PX, rows[0].shape[1], 3), np.uint8)
    text = (
        f"{patient.patient_id}  {patient.scanner}  {patient.sex} "
        f"{patient.age_years:.0f} years  {state}"
    )
    cv2.putText(
        caption, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (230, 230, 230), 1
    )
    return np.vstack([caption, *rows])


def choose_patients() -> list[PhantomPatient]:
    """Return patients with each growth pattern, then healthy ones."""
    with_tumor: dict[str, PhantomPatient] = {}
    healthy: list[PhantomPatient] = []
    for index, entry in enumerate(plan_cohort(SPEC).enrolments):
        if entry.has_tumor and len(with_tumor) < TUMOR_PATIENTS:
            patient = make_patient(SPEC, index)
            with_tumor.setdefault(patient.growth, patient)
        elif not entry.has_tumor and len(healthy) < HEALTHY_PATIENTS:
            healthy.append(make_patient(SPEC, index))
    return [*with_tumor.values(), *healthy]


def main() -> None:
    """Write the contact sheet."""
    strips = [draw_strip(patient) for patient in choose_patients()]
    sheet = np.vstack(
        [
            np.hstack(strips[start : start + STRIPS_ABREAST])
            for start in range(0, len(strips), STRIPS_ABREAST)
        ]
    )
    height, width = sheet.shape[:2]
    small = cv2.resize(sheet, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    small[small < 20] = 0  # noise of the air and in the lowest bits trebles the file
    small &= 0xF8
    OUT.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT), small[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
