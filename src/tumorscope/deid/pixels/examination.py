"""The one place where the pixels of a file are judged.

Headers gate every file and spare bits are cleared from all. What more is done, and what
may be claimed for it, `DeidSpec.pixels` says. Only images of the MR classes are looked
at: masks and maps that a program drew hold no type.

References:
    DICOM PS3.15, E.3.1 (Clean Pixel Data Option), E.3.2 (Clean Recognizable Visual
    Features Option).
"""

from __future__ import annotations

from tumorscope.deid.elements import (
    DataSet,
    Element,
    MalformedFileError,
    text_of,
)
from tumorscope.deid.pixels.finding import CLEAN_VISUAL_FEATURES, PixelFinding
from tumorscope.deid.pixels.header_gate import (
    BURNED_IN,
    MR_CLASSES,
    SOP_CLASS,
    gate_by_header,
)
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.pixels.native_frames import read_frames, write_frames
from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_bits import clear_spare_bits
from tumorscope.deid.pixels.text_detection import find_text
from tumorscope.deid.pixels.text_removal import (
    CLEAN_PIXEL_DATA,
    clear_around_head,
    remove_text,
)
from tumorscope.domain.deid_spec import DeidSpec

VISUAL_FEATURES = 0x00280302
_STATED = {CLEAN_PIXEL_DATA: BURNED_IN, CLEAN_VISUAL_FEATURES: VISUAL_FEATURES}


def examine_pixels(
    elements: DataSet, spec: DeidSpec, order: str, kept: KeptVoxels | None = None
) -> PixelFinding:
    """Return what the pixels of a file come to.

    Args:
        elements: The data set as read, before anything was replaced.
        spec: Settings.
        order: Byte order of the pixels, "little" or "big".
        kept: What stays when the face is removed; None where nothing is removed.
    """
    proves = kept is not None and kept.proves
    reason = gate_by_header(elements, spec, is_stripped=proves)
    if reason:
        return PixelFinding(reason=reason, elements=elements)
    is_image = text_of(elements, SOP_CLASS).startswith(MR_CLASSES)
    try:
        cleaned, has_changed = clear_spare_bits(elements, order)
        bare = _clear_face(cleaned, order, kept)
        if is_image and spec.pixels == "search":
            _refuse_text(bare, order)
        codes: tuple[str, ...] = (CLEAN_VISUAL_FEATURES,) if proves else ()
        if is_image and spec.pixels == "clear":
            bare, earned = _clear(bare, order)
            codes = (*earned, *codes)
    except MalformedFileError as error:
        return PixelFinding(reason=error.code, elements=elements)
    return PixelFinding(
        reason="",
        elements=_state(bare, codes),
        codes=codes,
        cleaned_bits=has_changed or bare is not cleaned,
    )


def _refuse_text(elements: DataSet, order: str) -> None:
    """Refuse a file in which text is or may be; a search alone earns no code."""
    found = find_text(read_frames(elements, order), TextSpec())
    if any(one.is_flagged for one in found):
        raise MalformedFileError("text-found")


def _clear_face(elements: DataSet, order: str, kept: KeptVoxels | None) -> DataSet:
    """Set what shows the face to the background."""
    if kept is None:
        return elements
    pixels = read_frames(elements, order)
    _, rows, columns = pixels.frames.shape[:3]
    mask = kept.spread(rows, columns)
    if mask.shape != pixels.frames.shape[:3]:
        raise MalformedFileError("brain-mask-failed")
    return write_frames(elements, clear_around_head(pixels, mask)[0], order)


def _clear(elements: DataSet, order: str) -> tuple[DataSet, tuple[str, ...]]:
    """Clear what is outside the head."""
    done = remove_text(read_frames(elements, order), TextSpec())
    if done.reason:
        raise MalformedFileError(done.reason)
    return write_frames(elements, done.pixels, order), done.codes


def _state(elements: DataSet, codes: tuple[str, ...]) -> DataSet:
    """Say in the header what was cleared; what the source said of faces is not proven."""
    stated = {
        tag: Element(tag, "CS", b"NO") for code, tag in _STATED.items() if code in codes
    }
    kept = [one for one in elements if one.tag not in stated and not _claims(one)]
    if not stated and len(kept) == len(elements):
        return elements
    return tuple(sorted((*kept, *stated.values()), key=lambda one: one.tag))


def _claims(element: Element) -> bool:
    if element.tag != VISUAL_FEATURES or not isinstance(element.value, bytes):
        return False
    return element.value.strip(b" \0") == b"NO"
