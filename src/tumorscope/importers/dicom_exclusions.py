"""Why a DICOM file is not used: one reason each, in words and without its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tumorscope.io.dicom_files import DicomHeader

MR_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.4",  # MR Image Storage
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR Image Storage
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR Image Storage
    }
)
_MODALITY_WORDS = {
    "CT": "CT, not MR",
    "PT": "PET, not MR",
    "US": "ultrasound, not MR",
    "CR": "a radiograph, not MR",
    "DX": "a radiograph, not MR",
    "SR": "a report, no picture",
    "SEG": "a segmentation, no scan",
    "PR": "a presentation state, no picture",
    "KO": "a list of key images, no picture",
    "RTSTRUCT": "contours, no picture",
}
_HEAD = re.compile(r"HEAD|BRAIN|SKULL|CRAN|NEURO|CEREB|KOPF|SCHAEDEL|HIRN")
_ELSEWHERE = re.compile(
    r"(?<![A-Z])(?:[CTL] ?SPINE|SPINE|CERVICAL|LUMBAR|THORAX|CHEST|ABDOMEN|PELVIS|KNEE"
    r"|SHOULDER|HIP|ANKLE|WRIST|BREAST|PROSTATE|LIVER|HEART|CARDIAC|NECK)(?![A-Z])"
)
_PROCESSED = frozenset(
    {"MPR", "MIP", "MIN_IP", "MINIP", "PROJECTION IMAGE", "RESAMPLED", "REFORMATTED"}
    | {"SUBTRACTION", "SUBTRACT", "ADC", "FA", "TRACEW", "CBF", "CBV", "MTT", "TTP"}
    | {"COMPUTED", "MEAN", "TENSOR", "CSA MPR", "CSA 3D EDITOR", "POSTPROC", "SCREEN"}
)
_NOT_MAGNITUDE = frozenset({"P", "R", "I", "PHASE", "REAL", "IMAGINARY", "PHASE MAP"})


def exclusion_reason(header: DicomHeader) -> str | None:
    """Return why a file is not used; None where nothing speaks against it.

    Args:
        header: Of the file.

    Returns:
        One reason, the plainest one first: what it is, then how it was made, then what
        it shows.
    """
    return _by_kind(header) or _by_image_type(header) or _by_anatomy(header)


def body_part_note(header: DicomHeader) -> str | None:
    """Return a note where the file does not say that it shows a head."""
    if header.body_part and _HEAD.search(header.body_part.upper()):
        return None
    return "the files do not state the body part: taken for a head"


def _by_kind(header: DicomHeader) -> str | None:
    modality = (header.modality or "").upper()
    if modality != "MR":
        return _MODALITY_WORDS.get(modality, "another modality than MR")
    return _first_that_holds(
        {
            "not an MR image object (a capture, report or derived object)": (
                header.class_uid not in MR_CLASSES
            ),
            "no pixels": not header.has_pixels,
            "color pictures: screenshots or maps": not _is_gray(header),
            "text is burned into the pixels": (header.burned_in or "").upper() == "YES",
        }
    )


def _is_gray(header: DicomHeader) -> bool:
    words = (header.photometric or "").upper()
    return (header.samples or 1) == 1 and words in {"MONOCHROME1", "MONOCHROME2"}


def _by_image_type(header: DicomHeader) -> str | None:
    words = set(header.image_type)
    derived = header.image_type[:1] == ("DERIVED",)
    secondary = header.image_type[1:2] == ("SECONDARY",)
    processed = bool(words & _PROCESSED)
    return _first_that_holds(
        {
            "a mosaic: many slices in one picture; export it as single slices": (
                "MOSAIC" in words
            ),
            "a localizer": "LOCALIZER" in words,
            "a screenshot": bool(words & {"SCREEN SAVE", "SCREEN SAVED"}),
            "derived from other images": derived and (secondary or processed),
            "a reformatted or computed image": processed,
            "a phase, real or imaginary image": bool(
                set(header.image_type[2:]) & _NOT_MAGNITUDE
            ),
        }
    )


def _first_that_holds(reasons: Mapping[str, bool]) -> str | None:
    return next((reason for reason, holds in reasons.items() if holds), None)


def _by_anatomy(header: DicomHeader) -> str | None:
    part = (header.body_part or "").upper()
    if _HEAD.search(part):
        return None
    if part:
        return "another body part than the head"
    names = f"{header.series_description or ''} {header.protocol or ''}".upper()
    if _ELSEWHERE.search(re.sub(r"[^A-Z]+", " ", names)) and not _HEAD.search(names):
        return "named like another body part than the head"
    return None
