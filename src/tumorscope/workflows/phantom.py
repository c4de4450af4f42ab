"""Writes a phantom cohort to a folder: pictures, masks, a table and the planted truth."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.progress import Progress, silent
from tumorscope.importers.phantom import COLUMNS, TABLE_NAME, TRUTH_NAME
from tumorscope.io.images import write_png
from tumorscope.phantom import (
    PhantomPatient,
    PhantomSpec,
    PlannedCopy,
    add_frame,
    alter,
    copy_rng,
    cue_rng,
    make_patient,
    plan_cohort,
    shrink,
)
from tumorscope.workflows.whole_folder import whole_folder

LABEL = "making phantom patients"

Row = dict[str, object]
Picture = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def make_phantom(
    out: Path, spec: PhantomSpec, *, workers: int = 0, progress: Progress = silent
) -> Path:
    """Make a phantom cohort; the pictures do not depend on the number of workers.

    Args:
        out: Folder to write; it must be absent or empty. It appears when it is complete.
        spec: The cohort wanted.
        workers: Processes; 0 takes one for each core, 1 works in this process.
        progress: Shows how many patients are done.

    Returns:
        `out`, which holds `<patient>/<patient>_<k>.png` and `..._<k>_mask.png`,
        `phantom.csv` with a row for each slice, and `phantom.json` with spec, version and
        planted faults.

    Raises:
        ConfigError: If `out` is a file or holds anything, or `workers` is negative.
    """
    _refuse_occupied(out)
    if workers < 0:
        raise ConfigError(f"workers is {workers}: use 0 for all cores, or more")
    with whole_folder(out) as folder:
        make = partial(_write_patient, spec, folder)
        results = _run(make, spec.patient_ids, workers or os.cpu_count() or 1)
        rows: list[Row] = []
        for patient_rows in progress(results, total=spec.patient_ids, label=LABEL):
            rows.extend(patient_rows)
        _write_table(rows, spec, folder)
        _write_truth(rows, spec, folder)
    return out


def _refuse_occupied(out: Path) -> None:
    if out.is_file():
        raise ConfigError(f"{out} is a file: name a folder that is absent or empty")
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(
            f"{out} is not empty: name another folder, or remove this one first"
        )


def _run(make: partial[list[Row]], patients: int, workers: int) -> Iterator[list[Row]]:
    if workers == 1 or patients == 1:
        yield from map(make, range(patients))
        return
    # Workers start clean: a fork would copy the state of the caller's threads.
    context = get_context("spawn")
    with ProcessPoolExecutor(min(workers, patients), mp_context=context) as pool:
        try:
            yield from pool.map(make, range(patients))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _write_patient(spec: PhantomSpec, folder: Path, index: int) -> list[Row]:
    """Write one patient's slices, and the copies of them that others are given."""
    patient = make_patient(spec, index)
    (folder / patient.patient_id).mkdir(exist_ok=True)
    rng = cue_rng(spec, index)
    rows = []
    for position in range(spec.slices_per_patient):
        picture = patient.slices[position], patient.masks[position]
        picture, cues = _plant_cues(picture, spec, rng)
        row = _row(patient, position) | cues
        rows.append(_write_slice(picture, row, position, folder))
    for copy in plan_cohort(spec).copies:
        if copy.source_index == index:
            rows.append(_write_copy(patient, copy, spec, folder))  # noqa: PERF401 - writes
    return rows


def _row(patient: PhantomPatient, position: int) -> Row:
    return {
        "patient_id": patient.patient_id,
        "slice_index": position,
        "slice_count": len(patient.slices),
        "site": patient.site,
        "scanner": patient.scanner,
        "sex": patient.sex,
        "age_years": patient.age_years,
        "has_tumor_patient": int(patient.has_tumor),
        "growth": patient.growth,
        "copy_of": "",
        "copy_kind": "",
    }


def _plant_cues(
    picture: Picture, spec: PhantomSpec, rng: np.random.Generator
) -> tuple[Picture, Row]:
    """Return the slice with the cues that its label earns it, and which they are."""
    pixels, mask = picture
    # Drawn for every slice, so that one cue's share does not move the other.
    framed, shrunk = rng.random(2) < (spec.border_cue, spec.size_cue)
    framed, shrunk = framed and bool(mask.any()), shrunk and bool(mask.any())
    if framed:
        pixels = add_frame(pixels)
    if shrunk:
        pixels, mask = shrink(pixels, mask)
    return (pixels, mask), {"framed": bool(framed), "shrunk": bool(shrunk)}


def _write_copy(
    patient: PhantomPatient, copy: PlannedCopy, spec: PhantomSpec, folder: Path
) -> Row:
    position = copy.slice_index
    source = patient.slices[position], patient.masks[position]
    altered = alter(*source, copy.kind, copy_rng(spec, copy))
    target = plan_cohort(spec).enrolments[copy.target_index].patient_id
    (folder / target).mkdir(exist_ok=True)
    row = _row(patient, position) | {
        "patient_id": target,
        "copy_of": f"{patient.patient_id}/{patient.patient_id}_{position}.png",
        "copy_kind": copy.kind,
        "framed": False,
        "shrunk": False,
    }
    return _write_slice(altered, row, spec.slices_per_patient + copy.position, folder)


def _write_slice(picture: Picture, row: Row, number: int, folder: Path) -> Row:
    pixels, mask = picture
    patient_id = row["patient_id"]
    image = f"{patient_id}/{patient_id}_{number}.png"
    mask_name = f"{patient_id}/{patient_id}_{number}_mask.png"
    write_png(folder / image, pixels)
    write_png(folder / mask_name, mask)
    return {
        "image": image,
        "label": int(mask.any()),
        "mask": mask_name,
        "number": number,
        **row,
    }


def _write_table(rows: list[Row], spec: PhantomSpec, folder: Path) -> None:
    """Write what a source would know: a copy bears its new owner's entries."""
    table = pd.DataFrame(rows)
    own = table[table["number"] < spec.slices_per_patient]
    owner = own.drop_duplicates("patient_id").set_index("patient_id")
    for column in ("site", "scanner", "sex", "age_years"):
        table[column] = table["patient_id"].map(owner[column])
    columns = [*COLUMNS, "has_tumor_patient"]
    table = table.sort_values(["patient_id", "number"])
    table[columns].to_csv(folder / TABLE_NAME, index=False, lineterminator="\n")


def _write_truth(rows: list[Row], spec: PhantomSpec, folder: Path) -> None:
    rows = sorted(
        rows, key=lambda row: (str(row["patient_id"]), int(str(row["number"])))
    )
    enrolments = plan_cohort(spec).enrolments
    truth = {
        "purpose": "Synthetic data. Research use only. Not a medical device.",
        "version": version("tumorscope"),
        "spec": spec.model_dump(mode="json"),
        "growth": {
            str(row["patient_id"]): row["growth"]
            for row in rows
            if row["growth"] and not row["copy_of"]
        },
        "planted": {
            "repeated_patients": {
                entry.patient_id: entry.repeat_of
                for entry in enrolments
                if entry.repeat_of
            },
            "near_duplicates": [
                {"image": row["image"], "of": row["copy_of"], "kind": row["copy_kind"]}
                for row in rows
                if row["copy_of"]
            ],
            "framed": [row["image"] for row in rows if row["framed"]],
            "shrunk": [row["image"] for row in rows if row["shrunk"]],
            "site_label_tie": spec.site_label_tie,
        },
    }
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    (folder / TRUTH_NAME).write_text(text, encoding="utf-8")
