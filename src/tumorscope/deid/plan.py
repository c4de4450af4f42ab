"""What is done with a tag: the table, the options laid over it, and rules for the rest.

Whatever no rule knows is removed: private, retired and unknown tags, unknown
representations, group lengths.

References:
    DICOM PS3.15, Table E.1-1 and sections E.3.1 to E.3.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pydicom.datadict import dictionary_has_tag, dictionary_is_retired, tag_for_keyword

from tumorscope.deid.elements import DATE_VRS, NUMBER_TEXT_VRS, TEXT_VRS
from tumorscope.deid.reading import dictionary_vr
from tumorscope.deid.statement import (
    DATES_MODIFIED,
    IDENTITY_REMOVED,
    METHOD,
    METHOD_CODES,
)
from tumorscope.deid.table import BASIC_PROFILE, is_curve_or_overlay
from tumorscope.domain.deid_spec import DeidSpec


class Action(StrEnum):
    """What is done with one element; each has a handler."""

    KEEP = "keep"
    WALK = "walk"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    ZERO_OR_DUMMY = "Z/D"
    REMOVE_OR_ZERO = "X/Z"
    REMOVE_OR_DUMMY = "X/D"
    REMOVE_ZERO_DUMMY = "X/Z/D"
    REFERENCES = "X/Z/U*"
    DATE = "date"
    AGE = "age"
    DESCRIBE = "describe"
    PSEUDONYM = "pseudonym"
    REFUSE = "refuse"


COMPOUND = frozenset(
    (
        Action.ZERO_OR_DUMMY,
        Action.REMOVE_OR_ZERO,
        Action.REMOVE_OR_DUMMY,
        Action.REMOVE_ZERO_DUMMY,
    )
)
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
PATIENT_AGE, BIRTH_DATE, STUDY_DATE = 0x00101010, 0x00100030, 0x00080020
CONTENT_SEQUENCE, TEXT_VALUE, PERSON_NAME = 0x0040A730, 0x0040A160, 0x0040A123
_TIMEZONE = 0x00080201
_SELECTOR_UN = 0x0072006D
"""The one attribute whose representation is UN by definition; the table wants a dummy."""
SHOWN_AS_TEXT = TEXT_VRS | NUMBER_TEXT_VRS | DATE_VRS | {"AS", "UI"}
_NEVER_SHIFTED = frozenset((BIRTH_DATE, 0x00100032))
_OWN = frozenset((IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED))


def _tags(*keywords: str) -> frozenset[int]:
    found = {tag_for_keyword(one) for one in keywords}
    return frozenset(tag for tag in found if tag is not None)


CHARACTERISTICS = _tags(
    *("PatientSex", "PatientSexNeutered", "PatientSize", "PatientWeight"),
    *("EthnicGroup", "PregnancyStatus", "SmokingStatus"),
)
DESCRIPTORS = _tags(
    *("StudyDescription", "SeriesDescription", "ProtocolName"),
    *("RequestedProcedureDescription", "PerformedProcedureStepDescription"),
    *("ScheduledProcedureStepDescription", "ContrastBolusAgent", "BolusDescription"),
    *("AcquisitionProtocolDescription", "DerivationDescription"),
    *("AcquisitionDeviceProcessingDescription", "ReasonForTheRequestedProcedure"),
    *("RequestedContrastAgent", "ImageComments", "FrameComments"),
    *("UserContentLabel", "UserContentLongLabel"),
)
DEVICE = _tags(
    *("StationName", "DeviceSerialNumber", "DeviceUID", "GantryID", "GeneratorID"),
    *("DetectorID", "DateOfManufacture", "DateOfInstallation", "CassetteID", "PlateID"),
    *("DeviceDescription", "DeviceLabel", "LongDeviceDescription"),
)
CLASS_UIDS = _tags(
    *("SOPClassUID", "ReferencedSOPClassUID", "OriginalSpecializedSOPClassUID"),
    *("RelatedGeneralSOPClassUID", "CodingSchemeUID", "ContextUID"),
    *("MappingResourceUID", "ContextGroupExtensionCreatorUID"),
    *("ReferencedSOPClassUIDInFile", "SOPClassesInStudy", "SOPClassesSupported"),
)
"""Kinds of things, not things: they stay, in the registry of the standard or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The action of every tag under one set of options.

    Attributes:
        table: Action of each tag of the table.
        spec: The options.
        is_report: Whether the object is a structured report, whose content is cleaned
            instead of replaced.
    """

    table: Mapping[int, Action]
    spec: DeidSpec
    is_report: bool
    _chosen: dict[tuple[int, str], Action] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def action_of(self, tag: int, vr: str) -> Action:
        """Return what is done with an element.

        Args:
            tag: 0xGGGGEEEE.
            vr: As the file gives it.
        """
        action = self._chosen.get((tag, vr))
        if action is None:
            action = self._chosen[tag, vr] = self._choose(tag, vr)
        return action

    def _choose(self, tag: int, vr: str) -> Action:
        if is_unwanted(tag, vr):
            return Action.REMOVE
        if not fits_dictionary(tag, vr):
            return Action.REFUSE
        known = self.table.get(tag)
        if known is not None:
            # A sequence in the place of a kept value would pass the sweep by.
            return Action.WALK if known is Action.KEEP and vr == "SQ" else known
        if not dictionary_has_tag(tag) or dictionary_is_retired(tag):
            return Action.REMOVE
        return self._by_representation(tag, vr)

    def _by_representation(self, tag: int, vr: str) -> Action:
        """Return what is done with a public tag that the table does not name."""
        if vr in DATE_VRS:
            return Action.REMOVE if self.spec.date_rule == "remove" else Action.DATE
        if vr == "UI":
            keeps = tag in CLASS_UIDS or self.spec.retain_uids
            return Action.KEEP if keeps else Action.UID
        if tag == TEXT_VALUE:
            return Action.DESCRIBE if self.is_report else Action.DUMMY
        by_vr = {
            "SQ": Action.WALK,
            "PN": Action.DUMMY,
            "AS": Action.AGE,
            "AE": Action.REMOVE,
            "UR": Action.REMOVE,
        }
        return by_vr.get(vr, Action.KEEP)


def plan_for(spec: DeidSpec, *, is_report: bool) -> Plan:
    """Lay the options over the table.

    Args:
        spec: Settings.
        is_report: Whether the object is a structured report.

    Raises:
        ValueError: If the table has an action without a handler; a test keeps that from
            reaching a user.
    """
    table = {tag: Action(code) for tag, code in BASIC_PROFILE.items()}
    table |= dict.fromkeys((PATIENT_NAME, PATIENT_ID), Action.PSEUDONYM)
    if spec.date_rule != "remove":
        dated = [tag for tag in table if dictionary_vr(tag) in DATE_VRS]
        table |= {tag: Action.DATE for tag in dated if tag not in _NEVER_SHIFTED}
    if spec.date_rule == "shift":
        table[_TIMEZONE] = Action.KEEP
    if spec.keep_characteristics:
        table |= dict.fromkeys(CHARACTERISTICS, Action.KEEP) | {PATIENT_AGE: Action.AGE}
    if spec.clean_descriptors:
        table |= dict.fromkeys(DESCRIPTORS, Action.DESCRIBE)
    if spec.retain_uids:
        kept = [tag for tag, action in table.items() if action is Action.UID]
        table |= dict.fromkeys(kept, Action.KEEP)
    if spec.retain_device:
        table |= dict.fromkeys(DEVICE, Action.KEEP)
    if is_report:
        table[CONTENT_SEQUENCE] = Action.WALK
    table |= dict.fromkeys(_OWN, Action.REMOVE)
    return Plan(table=MappingProxyType(table), spec=spec, is_report=is_report)


def is_unwanted(tag: int, vr: str) -> bool:
    """Return whether an element goes for what it is: private, length, curve, unknown."""
    if tag >> 16 & 1 or tag & 0xFFFF == 0 or is_curve_or_overlay(tag):
        return True
    return vr == "UN" and tag != _SELECTOR_UN


def fits_dictionary(tag: int, vr: str) -> bool:
    """Return whether a file may give a public tag this representation.

    Old writers confuse texts with texts and numbers with numbers. A text under the name
    of a number, or a sequence under that of a text, would pass the sweep by.
    """
    known = dictionary_vr(tag)
    if known in {"UN", vr}:
        return True
    if "SQ" in {known, vr}:
        return False
    return (known in SHOWN_AS_TEXT) == (vr in SHOWN_AS_TEXT)
