"""What a result copies from its source. Runs in a sandbox.

Patient, study and frame of reference are repeated in every result, and its instance is
referred to. Values go to the parent as DICOM JSON (PS3.18 F.2): text, decoded by the file's own
character set. The parent parses no foreign bytes.
"""

from __future__ import annotations

import json

from pydicom.dataset import Dataset

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom.headers import open_data_set
from tumorscope.io.scan_files import ScanFile

MAX_HEAD_CHARACTERS = 100_000
PATIENT = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate"),
    *("IssuerOfPatientIDQualifiersSequence", "PatientSex", "PatientBirthTime"),
    *("OtherPatientIDsSequence", "OtherPatientNames", "EthnicGroup"),
    *("PatientComments", "PatientIdentityRemoved", "DeidentificationMethod"),
    "DeidentificationMethodCodeSequence",
)
STUDY = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
    *("StudyID", "AccessionNumber", "IssuerOfAccessionNumberSequence"),
    *("StudyDescription", "PatientAge", "PatientSize", "PatientWeight"),
)
SERIES = (
    *("SeriesInstanceUID", "SeriesNumber", "Modality", "BodyPartExamined"),
    *("FrameOfReferenceUID", "PositionReferenceIndicator"),
    *("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "StationName"),
)
INSTANCE = ("SOPClassUID", "SOPInstanceUID", "Rows", "Columns", "SliceThickness")


def read_origin(file: ScanFile) -> str:
    """Read the attributes of one file that results repeat.

    Args:
        file: Where it lies.

    Returns:
        DICOM JSON of those attributes of `PATIENT`, `STUDY`, `SERIES` and `INSTANCE`
        that the file has.

    Raises:
        UnreadableScanError: If the file is damaged, or these values are beyond measure.
    """
    data_set, _ = open_data_set(file)
    head = Dataset()
    for keyword in (*PATIENT, *STUDY, *SERIES, *INSTANCE):
        if keyword in data_set:
            head.add(data_set[keyword])
    text = json.dumps(head.to_json_dict())
    if len(text) > MAX_HEAD_CHARACTERS:
        raise UnreadableScanError("names of patient and study are too long")
    return text
