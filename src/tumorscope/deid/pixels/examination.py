"""The one place where the pixels of a file are judged.

Headers gate every file and spare bits are cleared from all. What more is done, and what
may be claimed for it, `DeidSpec.pixels` says. Only images of the MR classes are looked
at: masks and maps that a program drew hold no type.

References:
    DICOM PS3.15, E.3.1 (Clean Pixel Data Option).
"""

from __future__ import annotations

from tumorscope.deid.elements import (
    DataSet,
    Element,
    MalformedFileError,
    text_of,
)
from tumorscope.deid.pixels.finding import PixelFinding
from tumorscope.deid.pixels.header_gate import (
    BURNED_IN,
    MR_CLASSES,
    SOP_CLASS,
    gate_by_header,
)
from tumorscope.deid.pixels.native_frames import read_frames, write_frames
from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_bits import clear_spare_bits
from tumorscope.deid.pixels.text_detection import find_text
from tumorscope.deid.pixels.text_removal import remove_text
from tumorscope.domain.deid_spec import DeidSpec


def examine_pixels(elements: DataSet, spec: DeidSpec, order: str) -> PixelFinding:
    """Return what the pixels of a file come to.

    Args:
        elements: The data set as read, before anything was replaced.
        spec: Settings.
        order: Byte order of the pixels, "little" or "big".
    """
    reason = gate_by_header(elements, spec)
    if reason:
        return PixelFinding(reason=reason, elements=elements)
    try:
        cleaned, has_changed = clear_spare_bits(elements, order)
        is_image = text_of(elements, SOP_CLASS).startswith(MR_CLASSES)
        if is_image and spec.pixels == "search":
            _refuse_text(cleaned, order)
        elif is_image and spec.pixels == "clear":
            return _clear(cleaned, order)
    except MalformedFileError as error:
        return PixelFinding(reason=error.code, elements=elements)
    return PixelFinding(reason="", elements=cleaned, cleaned_bits=has_changed)


def _refuse_text(elements: DataSet, order: str) -> None:
    """Refuse a file in which text is or may be; a search alone earns no code."""
    found = find_text(read_frames(elements, order), TextSpec())
    if any(one.is_flagged for one in found):
        raise MalformedFileError("text-found")


def _clear(elements: DataSet, order: str) -> PixelFinding:
    """Clear what is outside the head, and say so in the header."""
    done = remove_text(read_frames(elements, order), TextSpec())
    if done.reason:
        raise MalformedFileError(done.reason)
    kept = tuple(one for one in elements if one.tag != BURNED_IN)
    stated = (*kept, Element(BURNED_IN, "CS", b"NO"))
    ordered = tuple(sorted(stated, key=lambda one: one.tag))
    return PixelFinding(
        reason="",
        elements=write_frames(ordered, done.pixels, order),
        codes=done.codes,
        cleaned_bits=True,
    )
