"""Which images may show a name, going by their headers alone.

A header that says nothing is "unknown", not "no": the gate stops what is likely to show
text, and claims nothing about the rest.

References:
    DICOM PS3.3, C.7.6.1.1.2 (image type), C.8.6.1 (conversion type); PS3.15, E.3.1.
"""

from __future__ import annotations

from tumorscope.deid.elements import DataSet, text_of
from tumorscope.domain.deid_spec import DeidMode, DeidSpec

BURNED_IN, CONVERSION_TYPE, IMAGE_TYPE = 0x00280301, 0x00080064, 0x00080008
PHOTOMETRIC, SOP_CLASS, ROWS = 0x00280004, 0x00080016, 0x00280010
MR_CLASSES = "1.2.840.10008.5.1.4.1.1.4"
_SCREEN_WORDS = frozenset(("SECONDARY", "SCREEN SAVE", "SCREENSAVE", "SCREENSHOT"))
_GRAY = frozenset(("MONOCHROME1", "MONOCHROME2", ""))


def gate_by_header(
    elements: DataSet, spec: DeidSpec, *, is_stripped: bool = False
) -> str:
    """Return why an image must not pass unseen; empty where it may.

    Args:
        elements: Its data set.
        spec: Settings; `pixels_reviewed` is the word of a person who looked.
        is_stripped: Whether nothing but brain will be left of it.
    """
    is_head = text_of(elements, SOP_CLASS).startswith(MR_CLASSES)
    is_settled = is_stripped or bool(spec.face_free)
    if spec.mode is DeidMode.safe_harbor and is_head and not is_settled:
        return "face-not-removed"
    return "" if spec.pixels_reviewed else _likely_text(elements)


def _likely_text(elements: DataSet) -> str:
    """Return why an image is likely to show text; empty where nothing says so."""
    if text_of(elements, BURNED_IN).upper() == "YES":
        return "burned-in-text"
    image_type = {one.strip() for one in text_of(elements, IMAGE_TYPE).split("\\")}
    if text_of(elements, CONVERSION_TYPE) or not image_type.isdisjoint(_SCREEN_WORDS):
        return "secondary-capture"
    if text_of(elements, PHOTOMETRIC) not in _GRAY:
        return "colored-pixels"
    return ""
