"""Results of synthetic series, made as `predict` makes them, without a network."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from tumorscope.domain.series_result import (
    ModelIdentity,
    Overlay,
    SeriesResult,
    SliceResult,
)
from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.channels import stack_study
from tumorscope.importers.dicom import find_dicom

AXIAL = np.array([[0, 0, 2.0, -28], [0, 2.0, 0, -24], [3.0, 0, 0, 5], [0, 0, 0, 1]])
MADE = datetime(2026, 5, 4, 13, 5, 6, tzinfo=timezone(timedelta(hours=2)))
MODEL = ModelIdentity(name="mine", version="0.1.0", weights_digest="ab" * 32)
PATIENT = {
    "PatientName": "Müller^Ünal",
    "SpecificCharacterSet": "ISO_IR 100",
    "PatientID": "H-4711",
    "PatientBirthDate": "19600229",
    "PatientSex": "F",
    "PatientAge": "066Y",
    "AccessionNumber": "A77",
    "StudyDate": "20260504",
    "StudyTime": "120000",
    "StudyID": "S1",
    "ReferringPhysicianName": "Doe^Jo",
    "StudyDescription": "Kopf",
    "SeriesNumber": 4,
    "Manufacturer": "Maker",
}


@pytest.fixture
def make_result(scan_makers, sandbox, tmp_path):
    """Return a function: files of a series to its result."""

    def make(files, scores=(0.1, 0.9, 0.5), model=MODEL):
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for number, file in enumerate(files):
            content = file if isinstance(file, bytes) else scan_makers.to_bytes(file)
            (folder / f"{number:03d}").write_bytes(content)
        (study,) = find_dicom(folder, sandbox).studies
        stack = stack_study(study)
        (reference,) = [one for one in study.series if one.facts == stack.facts]
        others = [one for one in study.series if one.facts != stack.facts]
        shape = stack.pixels.shape[1:3]
        ramp = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        slices = tuple(
            SliceResult(
                index=index,
                tumor_probability=score,
                decision=decision,
                class_map=ramp * (index + 1) / ramp.max() - 1,
            )
            for index, (score, decision) in enumerate(
                zip(scores, ("not above", "above threshold", "refer"), strict=False),
                start=1,
            )
        )
        picture = np.zeros((40, 60, 3), np.uint8)
        picture[5:9] = (255, 10, 20)
        return SeriesResult(
            model=model,
            stack=stack,
            origin=reference.load_origin(),
            further=tuple(one.load_origin() for one in others),
            threshold_probability=0.45,
            slices=slices,
            overlays=(Overlay(index=2, picture=picture),),
            made=MADE,
        )

    return make


@pytest.fixture
def head(scan_makers):
    """Return an axial volume of five slices."""
    return volume_from_affine(scan_makers.make_head((5, 24, 28)), AXIAL)


@pytest.fixture
def files(scan_makers, head):
    """Return the files of an axial FLAIR series of a patient with a name."""
    return scan_makers.make_series(head, **PATIENT)
