"""What an importer finds in scans: series that can be used, and why others cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.scan_origin import ScanOrigin
from tumorscope.domain.volume import Volume

Certainty = Literal["certain", "likely", "uncertain", "unknown"]
"""Name and timing agree; one of them tells; they disagree; neither tells."""
SEQUENCES = ("t1", "t1c", "t2", "flair")
"""Sequences that channels are made of; others are recognized and left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceGuess:
    """Which sequence a series is, and how sure that is.

    Attributes:
        name: For example "t1", "t1c", "flair", "dwi"; None where it is not known.
        certainty: How name and timing speak for it.
        evidence: What was seen, in words, without texts of the file.
    """

    name: str | None
    certainty: Certainty
    evidence: tuple[str, ...] = ()

    def as_words(self) -> str:
        """Return name, certainty and evidence, for a table."""
        seen = f" ({', '.join(self.evidence)})" if self.evidence else ""
        return f"{self.name or 'unknown sequence'}, {self.certainty}{seen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What is known of a series without its pixels; None where the source is silent.

    Attributes:
        label: What messages call it: folder and number, never a text of the file.
        patient_id: The patient.
        study_id: The examination.
        series_id: The series; unique within the source.
        sequence: Which sequence it is.
        frame_of_reference: Series with the same one lie in one coordinate system.
        site: Institution.
        scanner: Manufacturer, model and field strength.
        sex: "F", "M" or "O".
        age_years: At the examination.
        notes: What a reader must know: gaps, copies, what was not stated.
    """

    label: str
    patient_id: str | None
    study_id: str
    series_id: str
    sequence: SequenceGuess
    frame_of_reference: str | None = None
    site: str | None = None
    scanner: str | None = None
    sex: str | None = None
    age_years: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedVolume:
    """The voxels of a series.

    Attributes:
        volume: In the order of the source, intensities in its own unit, float32.
        left_out: Files of it that could not be read.
        notes: What was learned from the voxels.
    """

    volume: Volume
    left_out: tuple[LeftOutScan, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSource:
    """A series, and how its voxels are read.

    Attributes:
        facts: What is known without them.
        load: Reads and decodes them; raises `UnreadableScanError` or `DataError`.
        files: Number of files.
        load_origin: Reads what results for the same study repeat; None where the source
            is no DICOM study.
    """

    facts: SeriesFacts
    load: Callable[[], LoadedVolume]
    files: int = 1
    load_origin: Callable[[], ScanOrigin] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySource:
    """The series of one examination.

    Attributes:
        patient_id: The patient; None where the source is silent.
        study_id: The examination.
        series: Usable series, not yet read.
        segmentation: Lesion mask on the grid of the series; None where there is none.
        source: Importer, for the manifest.
    """

    patient_id: str | None
    study_id: str
    series: tuple[SeriesSource, ...]
    segmentation: SeriesSource | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundScans:
    """All that a source holds.

    Attributes:
        studies: In a fixed order.
        left_out: Series and files that are not used; every one is listed.
        notes: What holds for the whole source.
    """

    studies: tuple[StudySource, ...]
    left_out: tuple[LeftOutScan, ...] = ()
    notes: tuple[str, ...] = ()
