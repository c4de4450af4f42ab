"""What an examination of pixels came to."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.deid.elements import DataSet

CLEAN_VISUAL_FEATURES = "113102"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFinding:
    """Outcome for one file.

    Attributes:
        reason: Code of `tumorscope.deid.reasons` that keeps the file in quarantine;
            empty where it may go on.
        elements: The data set to go on with, its pixels cleaned where that was needed.
        codes: Of CID 7050, the options whose work was done on these pixels: 113101 after
            all outside the head was cleared and no text was left, 113102 after faces
            were removed. Empty as long as pixels were only read.
        cleaned_bits: Whether pixels, spare bits or spare bytes were cleared.
    """

    reason: str
    elements: DataSet
    codes: tuple[str, ...] = ()
    cleaned_bits: bool = False
