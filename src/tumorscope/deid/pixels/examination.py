"""The one place where the pixels of a file are judged.

Today this reads headers and clears spare bits. A stage that finds burned-in text or
faces belongs here: it returns the cleaned data set and the codes that it earned.
"""

from __future__ import annotations

from tumorscope.deid.elements import DataSet, MalformedFileError
from tumorscope.deid.pixels.finding import PixelFinding
from tumorscope.deid.pixels.header_gate import gate_by_header
from tumorscope.deid.pixels.stored_bits import clear_spare_bits
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
    except MalformedFileError as error:
        return PixelFinding(reason=error.code, elements=elements)
    return PixelFinding(reason="", elements=cleaned, cleaned_bits=has_changed)
