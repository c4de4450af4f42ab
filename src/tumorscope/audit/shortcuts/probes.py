"""The probes: what each one sees, and what it means if that tells the label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.audit.shortcuts.cohort import ProbeCohort
from tumorscope.audit.shortcuts.design import Design, encode_columns, encode_pixels
from tumorscope.audit.shortcuts.features import (
    BACKGROUND_NAMES,
    BORDER_NAMES,
    INTENSITY_NAMES,
)
from tumorscope.audit.shortcuts.permutation import (
    LabelSequences,
    shift_sequences,
    swap_sequences,
)
from tumorscope.audit.shortcuts.scoring import (
    Fold,
    Scorer,
    cubic_logistic_scorer,
    linear_scorer,
)

MASKED_PX = 16
FILE_COLUMNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "format": "format",
        "mode": "kind of pixels",
        "bits": "bit depth",
        "height_px": "height",
        "width_px": "width",
        "compression": "compression",
        "jpeg_tables": "JPEG tables",
        "jpeg_step": "JPEG strength",
        "density": "pixel density",
        "extra_bytes": "length of metadata",
        "is_grey_in_color": "grey stored as color",
    }
)
SCANNER_COLUMNS = ("site", "scanner", "sequences", "source")
PERSON_COLUMNS = ("sex", "age_years")
NO_FILES = "the files were not read"
NO_PIXELS = "the pixels were not read"

MakeScorer = Callable[[NDArray[np.float64], Sequence[Fold]], Scorer]
Permute = Callable[[LabelSequences, np.random.Generator, int], NDArray[np.int8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe.

    Attributes:
        name: Name of its gate after "shortcut-".
        title: What it sees, as a heading.
        sees: What it sees, inside a sentence.
        is_gate: Whether predicting the label with it is a fault; else it is a floor.
        meaning: What it means if it predicts the label, and what to do.
        read: Takes the cohort to its design, or to the reason why there is none.
        make_scorer: Its model: out-of-fold scores for many labelings.
        permute: How labels are permuted.
        sees_patients: Whether it is also tried on who has a tumor; height tells nothing
            of a patient.
        sees_site: Whether it is also tried on the site.
    """

    name: str
    title: str
    sees: str
    is_gate: bool
    meaning: str
    read: Callable[[ProbeCohort], Design | str]
    make_scorer: MakeScorer = linear_scorer
    permute: Permute = swap_sequences
    sees_patients: bool = True
    sees_site: bool = True


def read_file_traits(cohort: ProbeCohort) -> Design | str:
    """Return what the files say of themselves, their size in bytes left out."""
    if not cohort.traits:
        return NO_FILES
    frame = pd.DataFrame([asdict(each) for each in cohort.traits])
    return encode_columns(frame[list(FILE_COLUMNS)].rename(columns=FILE_COLUMNS))


def read_file_size(cohort: ProbeCohort) -> Design | str:
    """Return the size of the files, whole and for each pixel."""
    if not cohort.traits:
        return NO_FILES
    frame = pd.DataFrame(
        {
            "bytes": [each.file_bytes for each in cohort.traits],
            "bytes for each pixel": [
                each.file_bytes / (each.height_px * each.width_px)
                for each in cohort.traits
            ],
        }
    )
    return encode_columns(frame)


def read_border(cohort: ProbeCohort) -> Design | str:
    """Return statistics of two strips along the edges."""
    return _statistics(cohort, "border", BORDER_NAMES)


def read_background(cohort: ProbeCohort) -> Design | str:
    """Return statistics of the air around the head."""
    return _statistics(cohort, "background", BACKGROUND_NAMES)


def read_intensity(cohort: ProbeCohort) -> Design | str:
    """Return statistics of the whole picture."""
    return _statistics(cohort, "intensity", INTENSITY_NAMES)


def read_masked_picture(cohort: ProbeCohort) -> Design | str:
    """Return the picture with the head blanked, 16 x 16 grey levels and head shares."""
    if not cohort.features:
        return NO_PIXELS
    pictures = [
        np.concatenate([_halved(each.outside), _halved(each.head)])
        for each in cohort.features
    ]
    cells = [
        f"row {row}, column {column}"
        for row, column in np.ndindex(MASKED_PX, MASKED_PX)
    ]
    names = [
        *(f"level at {cell}" for cell in cells),
        *(f"outline at {cell}" for cell in cells),
    ]
    return encode_pixels(np.stack(pictures), tuple(names))


def read_position(cohort: ProbeCohort) -> Design | str:
    """Return the height in the head, not scaled."""
    height = cohort.height
    if np.isnan(height).any():
        return "no `slice_index` and `slice_count`"
    return Design(
        matrix=height[:, None], source=np.zeros(1, dtype=np.int64), names=("height",)
    )


def read_scanner(cohort: ProbeCohort) -> Design | str:
    """Return where and how the slice was acquired, as the manifest knows it."""
    return _metadata(cohort, SCANNER_COLUMNS)


def read_person(cohort: ProbeCohort) -> Design | str:
    """Return sex and age."""
    return _metadata(cohort, PERSON_COLUMNS)


def _statistics(cohort: ProbeCohort, part: str, names: tuple[str, ...]) -> Design | str:
    if not cohort.features:
        return NO_PIXELS
    matrix = np.stack([getattr(each, part) for each in cohort.features])
    return encode_columns(pd.DataFrame(matrix, columns=list(names)))


def _metadata(cohort: ProbeCohort, columns: tuple[str, ...]) -> Design | str:
    frame = cohort.manifest.table[list(columns)]
    known = frame.columns[frame.notna().any()]
    varied = [name for name in known if frame[name].nunique(dropna=False) > 1]
    if not len(known):
        return "no " + ", ".join(f"`{name}`" for name in columns)
    if not varied:
        return "one value only in " + ", ".join(f"`{name}`" for name in known)
    return encode_columns(frame[varied])


def _halved(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    size = (MASKED_PX, MASKED_PX)
    smaller = cv2.resize(picture.astype(np.float64), size, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, dtype=np.float64).ravel()


PROBES: tuple[Probe, ...] = (
    Probe(
        name="file",
        title="File traits",
        sees="the file's format, matrix, compression and other traits, no pixel",
        is_gate=True,
        meaning=(
            "tumor and tumor-free slices were exported in different ways. Export all "
            "slices alike from the original scans"
        ),
        read=read_file_traits,
    ),
    Probe(
        name="border",
        title="Border of the picture",
        sees="a strip of 1/32 along the edges of the picture",
        is_gate=True,
        meaning=(
            "frames, annotations or cropping differ between tumor and tumor-free slices. "
            "Look at the picture below, then crop or blank the border of all slices"
        ),
        read=read_border,
    ),
    Probe(
        name="background",
        title="Background",
        sees="the grey levels of the air around the head",
        is_gate=True,
        meaning=(
            "noise, scaling or compression differ between tumor and tumor-free slices, "
            "as they do if the classes come from different scanners or were scaled one by "
            "one. Trace where each class comes from"
        ),
        read=read_background,
    ),
    Probe(
        name="brain-masked",
        title="Picture with the head blanked",
        sees="the picture with the head blanked: outline and surroundings",
        is_gate=True,
        meaning=(
            "what surrounds the head, or how the head was cut out and placed, differs "
            "between tumor and tumor-free slices beyond what height explains"
        ),
        read=read_masked_picture,
    ),
    Probe(
        name="scanner",
        title="Site, scanner and sequences",
        sees="the site, scanner, sequences and source that the table names, no pixel",
        is_gate=True,
        meaning=(
            "the label goes with where or how the scan was made, so that a model may "
            "learn the scanner. Balance the classes within each site, or test on a site "
            "that was left out"
        ),
        read=read_scanner,
        sees_site=False,
    ),
    Probe(
        name="person",
        title="Sex and age",
        sees="sex and age, no pixel",
        is_gate=False,
        meaning=(
            "tumors go with sex or age in this cohort. That may be true of the disease; a "
            "model must still be compared within sex and age"
        ),
        read=read_person,
    ),
    Probe(
        name="file-size",
        title="Size of the file",
        sees="the number of bytes of the file",
        is_gate=False,
        meaning=(
            "more head and more contrast need more bytes: this is a floor, no fault by "
            "itself"
        ),
        read=read_file_size,
    ),
    Probe(
        name="intensity",
        title="Global intensity statistics",
        sees="means, spreads and percentiles of the whole picture",
        is_gate=False,
        meaning=(
            "a tumor is bright on some sequences, so this sees part of the disease, and "
            "part of how slices were scaled: a floor that a model must beat"
        ),
        read=read_intensity,
    ),
    Probe(
        name="position",
        title="Slice position alone",
        sees="the height of the slice in the head, no pixel",
        is_gate=False,
        meaning=(
            "tumors lie in the middle of the head more often than at its ends. This is "
            "anatomy and no fault: a model must beat it, and AUROC among slices of like "
            "height must be reported"
        ),
        read=read_position,
        make_scorer=cubic_logistic_scorer,
        permute=shift_sequences,
        sees_patients=False,
        sees_site=False,
    ),
)
"""In the order of the report: gates first, then floors."""
