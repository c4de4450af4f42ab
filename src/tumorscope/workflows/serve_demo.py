"""A small model and phantom studies, so that the page can be seen within a minute or two.

The model is a real ResNet50, trained for seconds on a handful of phantom patients. It is
poor, and its card says so. It is made once and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import RunSpec
from tumorscope.io.images import write_png
from tumorscope.io.phantom_dicom import PhantomSeries, write_phantom_series
from tumorscope.phantom import PhantomPatient, PhantomSpec, make_patient
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.train import train
from tumorscope.workflows.whole_folder import whole_folder

COHORT = PhantomSpec(patients=16, slices_per_patient=8, size_px=96)
SHOWN = PhantomSpec(patients=6, slices_per_patient=20, size_px=128, seed=7)
"""Other persons than those of the cohort."""
SPEC = RunSpec.model_validate(
    {
        "split": {"test_share": 0.3, "tune_share": 0.3},
        "preprocess": {"size_px": 64},
        "train": {
            "epochs": 4,
            "threads": 1,
            "batch_size": 16,
            "initial_weights": "scratch",
        },
        "calibrate": {"refer_when": "never"},
        "evaluate": {"bootstrap_draws": 200},
    }
)
WORDS = (
    "demo: a ResNet50 trained for seconds on 16 synthetic patients. It shows what the "
    "page looks like, not what a model can do"
)
SEQUENCES = ("t1", "flair", "t1c")
_FOV_MM = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeDemo:
    """What a first look needs.

    Attributes:
        bundle: The run with the model and its report.
        studies: A folder for each study; its name is the title.
    """

    bundle: Path
    studies: Path


def make_serve_demo(
    folder: Path,
    *,
    progress: Progress = silent,
    say: Callable[[str], None] = lambda _: None,
) -> ServeDemo:
    """Return model and studies, made where they are not there yet.

    Args:
        folder: Where they are kept.
        progress: Shows how far it got.
        say: Told what is made.
    """
    made = ServeDemo(bundle=folder / "model" / "demo", studies=folder / "studies")
    say(WORDS)
    if not made.studies.exists():
        with whole_folder(made.studies) as place:
            _write_studies(place)
    if not made.bundle.exists():
        with whole_folder(folder / "model") as place:
            _make_model(place, progress)
    return made


def _make_model(place: Path, progress: Progress) -> None:
    cohort = make_phantom(place / "phantom", COHORT, progress=progress)
    run = prepare(cohort, place / "demo", SPEC, progress=progress).folder
    train(run, progress=progress)
    evaluate_run(run, progress=progress)


def _write_studies(place: Path) -> None:
    patients = [make_patient(SHOWN, number) for number in range(SHOWN.patients)]
    with_tumor = next(one for one in patients if one.has_tumor)
    without = next(one for one in patients if not one.has_tumor)
    _write_dicom(place / "Phantom 1 (DICOM, three sequences)", with_tumor)
    _write_dicom(place / "Phantom 2 (DICOM, three sequences)", without)
    _write_pictures(place / "Phantom 3 (pictures without a header)", patients[-1])
    noise = np.random.default_rng(0).integers(0, 255, (4, 128, 128), dtype=np.uint8)
    folder = place / "No head (noise)"
    folder.mkdir()
    for number, pixels in enumerate(noise):
        write_png(folder / f"noise_{number}.png", pixels)


def _write_dicom(folder: Path, patient: PhantomPatient) -> None:
    for channel, sequence in enumerate(SEQUENCES):
        series = PhantomSeries(
            patient_id=f"PHANTOM-{patient.patient_id}",
            sequence=sequence,
            pixels=patient.slices[..., channel],
            positions_mm=patient.levels_mm,
            spacing_mm=_FOV_MM / patient.slices.shape[1],
        )
        write_phantom_series(folder / sequence, series)


def _write_pictures(folder: Path, patient: PhantomPatient) -> None:
    folder.mkdir()
    for number, pixels in enumerate(patient.slices):
        write_png(folder / f"slice_{number:02d}.png", pixels)
