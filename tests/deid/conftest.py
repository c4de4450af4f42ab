"""What the tests of de-identification share: a made-up head slice, and a made-up job."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pydicom import FileDataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tumorscope.deid.dicom_file import PatientJob, deidentify_dicom, read_subject
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.domain.deid_spec import DeidSpec

MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
HEADER = {
    "ImageType": ["ORIGINAL", "PRIMARY", "M"],
    "SOPClassUID": MR_CLASS,
    "SOPInstanceUID": "1.2.3.4.1",
    "StudyInstanceUID": "1.2.3.4.2",
    "SeriesInstanceUID": "1.2.3.4.3",
    "FrameOfReferenceUID": "1.2.3.4.4",
    "StudyDate": "20190214",
    "AcquisitionDate": "20190215",
    "StudyTime": "235930",
    "AcquisitionTime": "000130",
    "AccessionNumber": "ACC7781220",
    "Modality": "MR",
    "Manufacturer": "SIEMENS",
    "ReferringPhysicianName": "Oosterbroek^Pieter",
    "PatientName": "Vandermolen^Wilhelmina",
    "PatientID": "KX-4471-902",
    "PatientBirthDate": "19570312",
    "PatientSex": "F",
    "PatientWeight": "61.5",
    "StudyID": "1",
    "SeriesDescription": "t1 tse sag Vandermolen",
    "InstanceNumber": 1,
    "EchoTime": 12,
    "Rows": 4,
    "Columns": 4,
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
    "PixelRepresentation": 0,
}


def make_image(**changes) -> FileDataset:
    """Return a data set; a value of None leaves an attribute out."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MR_CLASS
    meta.MediaStorageSOPInstanceUID = "1.2.3.4.1"
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    for keyword, value in (HEADER | changes).items():
        if value is not None:
            setattr(data, keyword, value)
    if "PixelData" not in data:
        data.PixelData = np.arange(16, dtype="<u2").tobytes()
    return data


def to_bytes(data) -> bytes:
    """Return a data set as a file."""
    written = io.BytesIO()
    data.save_as(written, enforce_file_format=True)
    return written.getvalue()


def make_job(content: bytes, **settings) -> PatientJob:
    """Return a job with a constant secret and the tokens of one file."""
    hides_years = settings.pop("hides_years", False)
    return PatientJob(
        spec=DeidSpec(**settings),
        keys=PatientKeys(secret=bytes(range(32))),
        tokens=IdentityTokens.from_values(read_subject(content).values),
        hides_years=hides_years,
    )


@pytest.fixture
def image():
    """Return a maker of images."""
    return make_image


@pytest.fixture
def file_of():
    """Return a maker of files: changes of the header, or a data set."""

    def make(data=None, **changes):
        return to_bytes(make_image(**changes) if data is None else data)

    return make


@pytest.fixture
def job_for():
    """Return a maker of jobs: a file, then settings."""
    return make_job


@pytest.fixture
def process():
    """Return a function that de-identifies a file and reads the result by pydicom."""

    def run(content, **settings):
        done = deidentify_dicom(content, make_job(content, **settings))
        return dcmread(io.BytesIO(done.content))

    return run
