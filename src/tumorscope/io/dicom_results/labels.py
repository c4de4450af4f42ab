"""What all result objects of a run say alike, and the codes that they use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from highdicom import ContributingEquipment
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from tumorscope.domain.series_result import SeriesResult
from tumorscope.io.dicom_results.identifiers import make_uid
from tumorscope.io.dicom_results.source import UNICODE

MANUFACTURER = "Tumorscope"
SCHEME = "99TUMORSCOPE"
"""Private coding scheme (PS3.16 8): no standard code names a calibrated score for "tumor" of a
single slice, and "probability of cancer" would claim something else."""
RESEARCH = "RESEARCH USE ONLY"
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
_SERIES_STEP = 100
_LARGEST_SOURCE_NUMBER = 1_000_000
_UNNUMBERED = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of result; each has a series of its own.

    Attributes:
        name: Part of its UIDs.
        number: Added to a hundred times the number of the source's series.
        description: Of its series, at most 64 characters.
    """

    name: str
    number: int
    description: str


REPORT = Kind(name="report", number=1, description=f"{RESEARCH}: tumor probability")
MAP = Kind(name="map", number=2, description=f"{RESEARCH}: class activation map")
PICTURES = Kind(name="pictures", number=3, description=f"{RESEARCH}: overlays")


def own_code(value: str, meaning: str) -> CodedConcept:
    """Return a code of the private scheme."""
    return CodedConcept(value=value, scheme_designator=SCHEME, meaning=meaning)


def common_arguments(
    result: SeriesResult, head: Dataset, *, kind: Kind, key: str, instance: int = 1
) -> dict[str, Any]:
    """Return what every constructor of highdicom takes.

    Args:
        result: Whose model and time.
        head: A file of the source.
        kind: Report, map or pictures.
        key: From `run_key`.
        instance: Number in its series, from 1.

    Returns:
        Keyword arguments: UIDs and numbers of series and instance, equipment, times.
    """
    model, made = result.model, result.made
    source_number = head.get("SeriesNumber")
    is_usable = source_number and 0 < int(source_number) < _LARGEST_SOURCE_NUMBER
    base = int(source_number) if is_usable else _UNNUMBERED
    return {
        "series_instance_uid": make_uid(key, kind.name),
        "series_number": base * _SERIES_STEP + kind.number,
        "sop_instance_uid": make_uid(key, kind.name, str(instance)),
        "instance_number": instance,
        "series_description": kind.description,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": model.name[:64],
        "software_versions": model.version,
        "device_serial_number": model.weights_digest,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "specific_character_set": UNICODE,
        "content_date": made.date(),
        "content_time": made.time().replace(tzinfo=None),
        "series_date": made.date(),
        "series_time": made.time().replace(tzinfo=None),
        "contributing_equipment": [
            ContributingEquipment(
                manufacturer=MANUFACTURER,
                purpose_of_reference=PROCESSING_EQUIPMENT,
                manufacturer_model_name=model.name[:64],
                software_versions=model.version,
                contribution_datetime=made,
                contribution_description=(
                    "Scored by a research model. Not a medical device."
                ),
            )
        ],
    }


def finish(data_set: Dataset, result: SeriesResult) -> Dataset:
    """Add what highdicom leaves out, and return the object.

    The head is no paired part of the body, so that images say which part it is and have no
    Laterality (PS3.3 C.7.3.1). The time zone makes the times of a result comparable.
    """
    if "Rows" in data_set:
        data_set.BodyPartExamined = "HEAD"
    data_set.InstanceCreationDate = result.made.date()
    data_set.InstanceCreationTime = result.made.time().replace(tzinfo=None)
    data_set.TimezoneOffsetFromUTC = f"{result.made:%z}"
    return data_set
