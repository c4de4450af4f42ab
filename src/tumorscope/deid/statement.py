"""What a de-identified file says about itself, and no more than was done to it.

References:
    DICOM PS3.15, E.1.1 and CID 7050 (codes); PS3.3, C.12.1 (attributes).
"""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.deid.elements import Element
from tumorscope.deid.table import TABLE_EDITION
from tumorscope.domain.deid_spec import DeidSpec

CODES = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
}
"""Of CID 7050, those whose work this package does on files; 113101 and 113102 are earned
file by file in `tumorscope.deid.pixels`."""
IDENTITY_REMOVED, METHOD, METHOD_CODES = 0x00120062, 0x00120063, 0x00120064
DATES_MODIFIED = 0x00280303
_VALUE, _SCHEME, _MEANING = 0x00080100, 0x00080102, 0x00080104
_DATE_WORDS = {"shift": "MODIFIED", "year": "MODIFIED", "remove": "REMOVED"}
OWN_TEXT = " ".join(
    (
        *(meaning.lower() for meaning in CODES.values()),
        "tumorscope ps3.15 e safe-harbor research one-way removed modified dcm yes",
    )
)
"""All words that the statement puts into a file; the sweep must not stumble over them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The elements that say what was done to one file.

    Attributes:
        codes: Of `CODES`, and any that the pixel stage earned, with their meanings.
        elements: Ready to be put into the data set.
    """

    codes: tuple[str, ...]
    elements: tuple[Element, ...]


def earned_codes(spec: DeidSpec, *, is_report: bool) -> tuple[str, ...]:
    """Return the codes of the profile and of the options that were carried out.

    Args:
        spec: Settings.
        is_report: Whether the file is a structured report.
    """
    chosen = {
        "113100": True,
        "113104": is_report,
        "113105": spec.clean_descriptors,
        "113107": spec.date_rule == "shift",
        "113108": spec.keep_characteristics,
        "113109": spec.retain_device,
        "113110": spec.retain_uids,
    }
    return tuple(code for code, holds in chosen.items() if holds)


def statement_of(spec: DeidSpec, codes: tuple[str, ...]) -> Statement:
    """Return what a file is to say.

    Args:
        spec: Settings.
        codes: What was earned.
    """
    method = f"Tumorscope\\PS3.15 E {TABLE_EDITION}\\{spec.mode.value}"
    items = tuple(
        (
            Element(_VALUE, "SH", code.encode()),
            Element(_SCHEME, "SH", b"DCM"),
            Element(_MEANING, "LO", CODES[code].encode()),
        )
        for code in codes
    )
    return Statement(
        codes=codes,
        elements=(
            Element(IDENTITY_REMOVED, "CS", b"YES"),
            Element(METHOD, "LO", method.encode()),
            Element(METHOD_CODES, "SQ", items),
            Element(DATES_MODIFIED, "CS", _DATE_WORDS[spec.date_rule].encode()),
        ),
    )
