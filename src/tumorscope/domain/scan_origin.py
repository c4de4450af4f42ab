"""Where a series came from: what a result for the same study must repeat and refer to."""

from __future__ import annotations

from dataclasses import dataclass

from tumorscope.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFrame:
    """One frame of a series, and where it lies.

    Attributes:
        instance: Number of its file among `ScanOrigin.heads`, from 0.
        number: Of the frame in the file, from 1.
        position_mm: LPS position of the center of the first pixel.
        orientation: Direction of growing column number, then of growing row number, LPS.
        spacing_mm: Between rows, between columns.
    """

    instance: int
    number: int
    position_mm: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    spacing_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanOrigin:
    """The files of a series. Holds patient data: it goes back to the PACS only.

    Attributes:
        heads: For each file, DICOM JSON (PS3.18 F.2) of the attributes that identify
            patient, study, series and instance; no pixels.
        frames: Frames that the series consists of.

    Raises:
        DataError: If there is no file, or a frame of none.
    """

    heads: tuple[str, ...]
    frames: tuple[SourceFrame, ...]

    def __post_init__(self) -> None:
        """Refuse frames without a file."""
        known = range(len(self.heads))
        if not self.heads or any(one.instance not in known for one in self.frames):
            raise DataError("a series whose frames belong to no file")
