"""What a DICOM file says about its pictures. Runs in a sandbox.

Only the attributes that Tumorscope needs are looked at. Classic files have one frame;
enhanced ones keep a frame's geometry in functional groups (PS3.3 C.7.6.16), of its own or
shared by all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread
from pydicom.uid import UID

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io.dicom.structure import check_structure
from tumorscope.io.scan_files import ScanFile, read_content

MAX_FRAMES = 20_000
MAX_TEXT_CHARACTERS = 256
TEXTS = {
    "patient_id": "PatientID",
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "instance_uid": "SOPInstanceUID",
    "class_uid": "SOPClassUID",
    "frame_of_reference_uid": "FrameOfReferenceUID",
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "series_description": "SeriesDescription",
    "protocol": "ProtocolName",
    "pulse_sequence": "SequenceName",
    "pulse_sequence_long": "PulseSequenceName",
    "contrast_agent": "ContrastBolusAgent",
    "burned_in": "BurnedInAnnotation",
    "photometric": "PhotometricInterpretation",
    "institution": "InstitutionName",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "sex": "PatientSex",
    "age": "PatientAge",
}
LISTS = {
    "image_type": "ImageType",
    "scanning_sequence": "ScanningSequence",
    "sequence_variant": "SequenceVariant",
    "scan_options": "ScanOptions",
}
NUMBERS = {
    "series_number": "SeriesNumber",
    "instance_number": "InstanceNumber",
    "acquisition_number": "AcquisitionNumber",
    "frames_declared": "NumberOfFrames",
    "rows": "Rows",
    "columns": "Columns",
    "samples": "SamplesPerPixel",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "high_bit": "HighBit",
    "signed": "PixelRepresentation",
    "field_strength_t": "MagneticFieldStrength",
}
FRAME_NUMBERS = {
    "slope": "RescaleSlope",
    "intercept": "RescaleIntercept",
    "echo_ms": "EchoTime",
    "effective_echo_ms": "EffectiveEchoTime",
    "repetition_ms": "RepetitionTime",
    "inversion_ms": "InversionTime",
    "inversions_ms": "InversionTimes",
    "b_value": "DiffusionBValue",
    "temporal_position": "TemporalPositionIdentifier",
    "temporal_index": "TemporalPositionIndex",
}
FRAME_VECTORS = {
    "position_mm": ("ImagePositionPatient", 3),
    "orientation": ("ImageOrientationPatient", 6),
    "spacing_mm": ("PixelSpacing", 2),
}
_GROUPS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "MREchoSequence",
    "MRTimingAndRelatedParametersSequence",
    "MRModifierSequence",
    "MRDiffusionSequence",
    "FrameContentSequence",
)


def read_header(file: ScanFile) -> dict[str, Any]:
    """Read what is needed of one file.

    Args:
        file: Where it lies.

    Returns:
        The keys of `TEXTS`, `LISTS`, `NUMBERS`, each None or empty where the file does
        not say, `frames`: a mapping for each frame with the keys of `FRAME_NUMBERS`
        and `FRAME_VECTORS`, and `has_pixels`.

    Raises:
        UnreadableScanError: If the file is damaged, or says what cannot be.
    """
    data_set, _ = open_data_set(file)
    header: dict[str, Any] = {key: _text(data_set, name) for key, name in TEXTS.items()}
    header |= {key: _texts(data_set, name) for key, name in LISTS.items()}
    header |= {key: _number(data_set, name) for key, name in NUMBERS.items()}
    header["has_pixels"] = "PixelData" in data_set
    header["frames"] = list(_frames(data_set))
    return header


def open_data_set(file: ScanFile) -> tuple[Dataset, UID]:
    """Check a file's structure, then let pydicom parse it.

    Returns:
        The data set and the transfer syntax of its pixels.

    Raises:
        UnreadableScanError: If the file is damaged.
    """
    checked = check_structure(read_content(file))
    # Values are checked here where they are used; warnings could quote them.
    config.settings.reading_validation_mode = config.IGNORE
    data_set = dcmread(BytesIO(checked.content))
    return data_set, checked.transfer_syntax


def _frames(data_set: Dataset) -> Iterator[dict[str, Any]]:
    own = data_set.get("PerFrameFunctionalGroupsSequence")
    if own is None:
        yield _frame([data_set])
        return
    if len(own) > MAX_FRAMES:
        raise UnreadableScanError(f"{len(own)} frames; the limit is {MAX_FRAMES}")
    shared = data_set.get("SharedFunctionalGroupsSequence") or []
    common = [*(_first_items(shared[0]) if shared else []), data_set]
    for group in own:
        yield _frame([*_first_items(group), *common])


def _first_items(group: Dataset) -> list[Dataset]:
    found = (group.get(name) for name in _GROUPS)
    return [sequence[0] for sequence in found if sequence]


def _frame(places: list[Dataset]) -> dict[str, Any]:
    frame: dict[str, Any] = {
        key: _first(places, name, _number) for key, name in FRAME_NUMBERS.items()
    }
    for key, (name, length) in FRAME_VECTORS.items():
        found = _first(places, name, _vector)
        frame[key] = found if found is not None and len(found) == length else None
    return frame


def _first(
    places: list[Dataset], name: str, read: Callable[[Dataset, str], Any]
) -> Any:
    """Return what the first place that knows an attribute says of it."""
    return next((read(place, name) for place in places if name in place), None)


def _text(data_set: Dataset, name: str) -> str | None:
    value = str(data_set.get(name) or "").strip("\0 ")[:MAX_TEXT_CHARACTERS]
    return value or None


def _texts(data_set: Dataset, name: str) -> list[str]:
    value = data_set.get(name)
    values = [value] if isinstance(value, str) else list(value or ())
    return [str(one).strip().upper()[:MAX_TEXT_CHARACTERS] for one in values[:16]]


def _number(data_set: Dataset, name: str) -> float | None:
    values = _vector(data_set, name)
    return values[0] if values else None


def _vector(data_set: Dataset, name: str) -> list[float] | None:
    value = data_set.get(name)
    if value is None or value == "":
        return None
    values = value if hasattr(value, "__iter__") else [value]
    return [float(one) for one in values]
