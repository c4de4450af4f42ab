"""One DICOM file: admitted, rewritten, swept, written anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tumorscope.deid.dates import age_in_years, age_on
from tumorscope.deid.elements import (
    PIXEL_DATA,
    PIXEL_TAGS,
    DataSet,
    Element,
    MalformedFileError,
    text_of,
)
from tumorscope.deid.harvest import gather
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.outcome import Deidentified
from tumorscope.deid.pixels.examination import examine_pixels
from tumorscope.deid.pixels.header_gate import MR_CLASSES
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.plan import (
    BIRTH_DATE,
    PATIENT_AGE,
    PATIENT_ID,
    PATIENT_NAME,
    STUDY_DATE,
    Plan,
    plan_for,
)
from tumorscope.deid.reading import (
    DEFLATED_UID,
    EXPLICIT_LITTLE_UID,
    DicomFile,
    read_dicom,
)
from tumorscope.deid.rewriting import Rewriter
from tumorscope.deid.statement import IDENTITY_REMOVED, earned_codes, statement_of
from tumorscope.deid.text import decode
from tumorscope.deid.writing import write_dicom
from tumorscope.domain.deid_spec import DeidSpec

SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018
STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E
FRAME_OF_REFERENCE = 0x00200052
PATIENT_SEX, ISSUER, CHARACTER_SET = 0x00100040, 0x00100021, 0x00080005
_DICOMDIR = "1.2.840.10008.1.3.10"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
REPORT_CLASSES = frozenset(f"{_STORAGE}88.{number}" for number in (11, 22, 33, 34))
ADMITTED_CLASSES = REPORT_CLASSES | {
    *(f"{_STORAGE}4", f"{_STORAGE}4.1", f"{_STORAGE}4.3", f"{_STORAGE}4.4"),
    *(f"{_STORAGE}66.4", f"{_STORAGE}66.7", f"{_STORAGE}30"),
}
"""MR, enhanced MR (gray, color, legacy), segmentations, parametric map; reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a file says of whose it is; never leaves the process but to the vault.

    Attributes:
        patient_id: Patient ID without padding; empty where there is none.
        issuer: Issuer of Patient ID, or empty.
        patient_name: Patient's Name, or empty; the sweep knows other persons too.
        values: Texts by kind, for the sweep.
        age_years: At the study; NaN where it is not known.
        sex: "M", "F", "O" or empty.
        head: Of an MR image, its frame of reference or else its series, as it stands in
            the file: what may be one volume of a head; empty for anything else.
    """

    patient_id: str
    issuer: str
    patient_name: str
    values: dict[str, list[str]]
    age_years: float
    sex: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientJob:
    """All that is needed to de-identify the files of one patient.

    Attributes:
        spec: Settings.
        keys: The patient's replacements.
        tokens: What is known of the patient from all files.
        hides_years: Whether years would show an age above 89 (safe-harbor).
    """

    spec: DeidSpec
    keys: PatientKeys
    tokens: IdentityTokens
    hides_years: bool = False


def read_subject(content: bytes) -> Subject:
    """Return whose file it is.

    Raises:
        MalformedFileError: If the file cannot be read to its end.
    """
    elements = read_dicom(content).elements
    character_set = text_of(elements, CHARACTER_SET).encode()

    def read(tag: int) -> str:
        for one in elements:
            if one.tag == tag and isinstance(one.value, bytes):
                return decode(one.value, character_set).strip()
        return ""

    return Subject(
        patient_id=read(PATIENT_ID),
        issuer=read(ISSUER),
        patient_name=read(PATIENT_NAME),
        values=gather(elements),
        age_years=age_in_years(_age(elements)),
        sex=read(PATIENT_SEX),
        head=_head(elements),
    )


def deidentify_dicom(
    content: bytes, job: PatientJob, kept: KeptVoxels | None = None
) -> Deidentified:
    """Return a file of which nothing that leads to the patient is left.

    Args:
        content: A file of PS3.10; it is not changed.
        job: Settings, keys and tokens of its patient.
        kept: What stays when the face is removed; None where nothing is removed.

    Raises:
        MalformedFileError: With the code of the reason why it must stay in quarantine.
    """
    file = read_dicom(content)
    sop_class = text_of(file.elements, SOP_CLASS)
    _admit(file, sop_class, job.spec)
    order = "big" if file.encoding.is_big_endian else "little"
    pixels = examine_pixels(file.elements, job.spec, order, kept)
    if pixels.reason:
        raise MalformedFileError(pixels.reason)
    rewriter = Rewriter(
        plan=_plan(job.spec, sop_class in REPORT_CLASSES),
        keys=job.keys,
        tokens=job.tokens,
        sop_class=sop_class,
        hides_years=job.hides_years,
    )
    elements = rewriter.rewrite(pixels.elements, character_set=b"")
    rewriter.counts[PIXEL_DATA, "cleaned"] += pixels.cleaned_bits
    codes = earned_codes(job.spec, is_report=sop_class in REPORT_CLASSES)
    added = statement_of(job.spec, (*codes, *pixels.codes)).elements
    added += _missing_age(file.elements, elements, job.spec)
    whole = tuple(sorted((*elements, *added), key=lambda one: one.tag))
    written = _write(file, whole, sop_class)
    if job.tokens.stand_in_file(written):
        raise MalformedFileError("identifier-left")
    return Deidentified(
        content=written,
        folders=(text_of(whole, STUDY_UID), text_of(whole, SERIES_UID)),
        name=f"{text_of(whole, SOP_INSTANCE)}.dcm",
        counts=_without_zeros(rewriter.counts),
        group=text_of(whole, SERIES_UID),
        age=text_of(whole, PATIENT_AGE),
        sex=text_of(whole, PATIENT_SEX),
    )


def _head(elements: DataSet) -> str:
    if not text_of(elements, SOP_CLASS).startswith(MR_CLASSES):
        return ""
    return text_of(elements, FRAME_OF_REFERENCE) or text_of(elements, SERIES_UID)


_PLANS: dict[tuple[DeidSpec, bool], Plan] = {}


def _plan(spec: DeidSpec, is_report: bool) -> Plan:  # noqa: FBT001 - the key of a cache
    key = (spec, is_report)
    if key not in _PLANS:
        _PLANS[key] = plan_for(spec, is_report=is_report)
    return _PLANS[key]


def _admit(file: DicomFile, sop_class: str, spec: DeidSpec) -> None:
    """Refuse what is not understood, or was de-identified before."""
    if sop_class == _DICOMDIR or not sop_class:
        raise MalformedFileError("dicomdir" if sop_class else "no-uid")
    if sop_class not in ADMITTED_CLASSES:
        raise MalformedFileError("sop-class")
    if any(
        not text_of(file.elements, tag) for tag in (SOP_INSTANCE, STUDY_UID, SERIES_UID)
    ):
        raise MalformedFileError("no-uid")
    has_pixels = any(one.tag in PIXEL_TAGS for one in file.elements)
    if sop_class not in REPORT_CLASSES and not has_pixels:
        raise MalformedFileError("no-pixels")
    says_removed = text_of(file.elements, IDENTITY_REMOVED).upper() == "YES"
    if says_removed and not spec.accept_deidentified:
        raise MalformedFileError("already-deidentified")


def _age(elements: DataSet) -> str:
    """Return the age at the study, computed where the file leaves it out."""
    known = text_of(elements, PATIENT_AGE)
    if known:
        return known
    return age_on(text_of(elements, BIRTH_DATE), text_of(elements, STUDY_DATE)) or ""


def _missing_age(
    source: DataSet, rewritten: DataSet, spec: DeidSpec
) -> tuple[Element, ...]:
    """Return the age where it is kept but was left out: dates no longer tell it."""
    if not spec.keep_characteristics or any(
        one.tag == PATIENT_AGE for one in rewritten
    ):
        return ()
    age = _age(source)
    return (Element(PATIENT_AGE, "AS", age.encode()),) if age else ()


def _write(file: DicomFile, elements: DataSet, sop_class: str) -> bytes:
    syntax = file.transfer_syntax
    return write_dicom(
        elements,
        file.encoding,
        transfer_syntax=EXPLICIT_LITTLE_UID if syntax == DEFLATED_UID else syntax,
        sop_class=sop_class,
        sop_instance=text_of(elements, SOP_INSTANCE),
    )


def _without_zeros(counts: Counter[tuple[int, str]]) -> dict[tuple[int, str], int]:
    return {key: number for key, number in counts.items() if number}
