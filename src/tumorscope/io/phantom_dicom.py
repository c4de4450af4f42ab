"""Phantom slices as classic MR files, so that a first look needs no scan of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

TIMING: Mapping[str, Mapping[str, Any]] = {
    "t1": {"ScanningSequence": "SE", "EchoTime": 12, "RepetitionTime": 500}
    | {"SeriesDescription": "AX T1"},
    "flair": {"ScanningSequence": ["SE", "IR"], "EchoTime": 110, "RepetitionTime": 9000}
    | {"InversionTime": 2500, "SeriesDescription": "AX FLAIR"},
    "t1c": {"ScanningSequence": "SE", "EchoTime": 12, "RepetitionTime": 500}
    | {"SeriesDescription": "AX T1 +C", "ContrastBolusAgent": "agent"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSeries:
    """One sequence of a phantom patient.

    Attributes:
        patient_id: Of the phantom.
        sequence: "t1", "flair" or "t1c".
        pixels: Shape (slices, rows, columns), uint8, axial, lowest first, the patient's
            right on the left.
        positions_mm: Shape (slices,), of the slices along the head.
        spacing_mm: Between pixels.
    """

    patient_id: str
    sequence: str
    pixels: NDArray[np.uint8]
    positions_mm: NDArray[np.float64]
    spacing_mm: float


def write_phantom_series(folder: Path, series: PhantomSeries) -> None:
    """Write a file for each slice; the same series has the same identifiers each time.

    Args:
        folder: Made where it is absent.
        series: What to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half = series.spacing_mm * (series.pixels.shape[1] - 1) / 2
    for number, position_mm in enumerate(series.positions_mm):
        data_set = _slice(series, number)
        data_set.ImagePositionPatient = [-half, -half, float(position_mm)]
        with (folder / f"{number:03d}.dcm").open("xb") as stream:
            dcmwrite(stream, data_set, enforce_file_format=True)


def _slice(series: PhantomSeries, number: int) -> Dataset:
    pixels = series.pixels[number].astype("<u2") * 16
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    who = [series.patient_id]
    values: dict[str, Any] = {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": generate_uid(
            entropy_srcs=[*who, series.sequence, str(number)]
        ),
        "StudyInstanceUID": generate_uid(entropy_srcs=[*who, "study"]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=[*who, series.sequence]),
        "FrameOfReferenceUID": generate_uid(entropy_srcs=[*who, "frame"]),
        "PatientID": series.patient_id,
        "PatientName": "Phantom^Synthetic",
        "PatientBirthDate": "",
        "PatientSex": "O",
        "StudyDate": "20000101",
        "StudyTime": "120000",
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Manufacturer": "Phantom",
        "Modality": "MR",
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "BodyPartExamined": "HEAD",
        "SeriesNumber": list(TIMING).index(series.sequence) + 1,
        "InstanceNumber": number + 1,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [series.spacing_mm, series.spacing_mm],
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        **TIMING[series.sequence],
    }
    for name, value in values.items():
        setattr(data_set, name, value)
    data_set.PixelData = pixels.tobytes()
    data_set["PixelData"].VR = "OW"
    return data_set
