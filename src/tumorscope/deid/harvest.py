"""What one file says about who the patient is, at every depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.datadict import tag_for_keyword

from tumorscope.deid.elements import DataSet, Element
from tumorscope.deid.text import decode

CHARACTER_SET = 0x00080005
_ID_KEYWORDS = (
    *("PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID"),
    *("IssuerOfPatientID", "MedicalRecordLocator", "ServiceEpisodeID"),
    *("InsurancePlanIdentification", "RequestedProcedureID", "DeviceSerialNumber"),
    *("FillerOrderNumberImagingServiceRequest", "ClinicalTrialSubjectID"),
    *(
        "PlacerOrderNumberImagingServiceRequest",
        "StationName",
        "UniqueDeviceIdentifier",
    ),
    *(
        "PerformedProcedureStepID",
        "ScheduledProcedureStepID",
        "SpecimenAccessionNumber",
    ),
)
_PLACE_KEYWORDS = (
    *("PatientAddress", "PatientTelephoneNumbers", "PatientTelecomInformation"),
    *("ReferringPhysicianAddress", "ReferringPhysicianTelephoneNumbers"),
    *("InstitutionName", "InstitutionAddress", "CurrentPatientLocation"),
    *("RegionOfResidence", "PersonAddress", "OrderCallbackPhoneNumber"),
    *("PersonTelephoneNumbers", "MilitaryRank"),
)
_PHONES = frozenset(
    tag_for_keyword(one) for one in _PLACE_KEYWORDS if "Tele" in one or "Phone" in one
)
_IDS = frozenset(tag_for_keyword(one) for one in _ID_KEYWORDS) | _PHONES
_PLACES = frozenset(tag_for_keyword(one) for one in _PLACE_KEYWORDS) - _PHONES


def gather(elements: DataSet) -> dict[str, list[str]]:
    """Return names, identifiers, dates and places of a data set.

    Args:
        elements: A whole data set.

    Returns:
        Texts by kind, each once, in order; names hold `^` and `=` as in the file.
    """
    found: dict[str, dict[str, None]] = {
        "names": {},
        "ids": {},
        "dates": {},
        "places": {},
    }
    for element, character_set in walk(elements, b""):
        kind = _kind_of(element)
        if kind and isinstance(element.value, bytes):
            text = decode(element.value, character_set)
            for one in text.split("\\"):
                if one.strip():
                    found[kind][one.strip()] = None
    return {kind: list(texts) for kind, texts in found.items()}


def walk(elements: DataSet, character_set: bytes) -> Iterator[tuple[Element, bytes]]:
    """Yield every element at every depth with the character set that holds there."""
    for element in elements:
        if element.tag == CHARACTER_SET and isinstance(element.value, bytes):
            character_set = element.value.strip(b" \0")
        yield element, character_set
        if element.vr == "SQ":
            items: Any = element.value
            for item in items:
                yield from walk(item, character_set)


def _kind_of(element: Element) -> str:
    if element.vr == "PN":
        return "names"
    if element.vr in {"DA", "DT"}:
        return "dates"
    if element.tag in _IDS:
        return "ids"
    return "places" if element.tag in _PLACES else ""
