"""The folder of a screening: what page, report and PACS are shown of each series."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import DataError
from tumorscope.domain.screening import (
    MAP_METHOD,
    RADIOLOGICAL_EDGES,
    SHOWN,
    EdgeLabels,
    OverlayFacts,
    ScreenedSeries,
    ScreenedSlice,
)
from tumorscope.io.dicom_results.folder import ResultFolder
from tumorscope.io.dicom_results.objects import make_objects
from tumorscope.io.whole_files import write_bytes
from tumorscope.workflows.class_maps import map_on_picture
from tumorscope.workflows.dicom_results import describe_series
from tumorscope.workflows.model_facts import ModelFacts
from tumorscope.workflows.picture_series import ORIENTATION_UNKNOWN, PictureSeries
from tumorscope.workflows.predict_scans import ScoredStack
from tumorscope.workflows.slice_prediction import SlicePrediction

SERIES = "series"
CONTOUR = 0.5
"""Edge of the contour: half of the largest value of the series."""
MAP_WORDS = (
    "Positive part of the class activation map, scaled to the largest value of this "
    "series: where the output is sensitive. It is no outline of a tumor, and looks "
    "convincing when the model is wrong."
)
_PACKING = 1
"""Level of gzip: pixels are noise, more effort gains little."""
_OVERLAY = OverlayFacts(method=MAP_METHOD, threshold=CONTOUR, score_words=MAP_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A series as it is drawn.

    Attributes:
        label: What messages call it.
        sequences: What the channels show.
        sequence_words: How sure that is.
        pixels: Shape (slices, rows, columns, channels), uint16.
        maps: By slice, shape (rows, columns), float32; decided slices only.
        entries: One answer for each slice.
        spacing_mm: Between rows, between columns; None where unknown.
        edge_labels: Sides of the patient; None where unknown.
        notes: What a reader must know.
    """

    label: str
    sequences: tuple[str, ...]
    sequence_words: str
    pixels: NDArray[np.uint16]
    maps: Mapping[int, NDArray[np.float32]]
    entries: Sequence[SlicePrediction]
    spacing_mm: tuple[float, float] | None
    edge_labels: EdgeLabels | None
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class ScreeningFolder:
    """Collects the series of one screening.

    Attributes:
        place: Folder that exists.
        objects: Takes what is made for a PACS.
        card: Of the model.
        facts: What tests of the model showed; None without intervals.
        made: When, with a time zone.
        series: What was kept so far.
        patients: Identifiers that the files name; they never leave this process.
        notes: Why a series has no objects for a PACS.
    """

    place: Path
    objects: ResultFolder
    card: BundleCard
    facts: ModelFacts | None
    made: datetime
    series: list[ScreenedSeries] = field(default_factory=list)
    patients: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def keep_stack(self, scored: ScoredStack) -> None:
        """Write a series of a study while its voxels are at hand."""
        stack = scored.stack
        if scored.series.facts.patient_id is not None:
            self.patients.add(scored.series.facts.patient_id)
        maps = {
            index: map_on_picture(stack.picture(index), found, self.card)
            for index, found in _decided(scored.entries, scored.class_maps).items()
        }
        gray = stack.pixels.ndim == 3
        self._keep(
            _Shown(
                label=stack.facts.label,
                sequences=stack.sequences,
                sequence_words=stack.facts.sequence.as_words(),
                pixels=stack.pixels[..., None] if gray else stack.pixels,
                maps=maps,
                entries=scored.entries,
                spacing_mm=stack.spacing_mm,
                edge_labels=RADIOLOGICAL_EDGES,
                notes=stack.notes,
            )
        )
        self._file_for_pacs(scored)

    def keep_pictures(self, one: PictureSeries) -> None:
        """Write a series of pictures."""
        maps = {
            index: map_on_picture(one.originals[index], found, self.card)
            for index, found in _decided(one.entries, one.class_maps).items()
        }
        self._keep(
            _Shown(
                label=one.label,
                sequences=one.sequences,
                sequence_words="not stated: pictures carry no header",
                pixels=one.pixels,
                maps=maps,
                entries=one.entries,
                spacing_mm=None,
                edge_labels=None,
                notes=(ORIENTATION_UNKNOWN,),
            )
        )

    def _keep(self, shown: _Shown) -> None:
        number = len(self.series)
        _write_arrays(self.place / SERIES / str(number), shown)
        slices, rows, columns, _ = shown.pixels.shape
        self.series.append(
            ScreenedSeries(
                id=number,
                label=shown.label,
                sequences=shown.sequences,
                sequence_words=shown.sequence_words,
                slices=slices,
                rows=rows,
                columns=columns,
                spacing_mm=shown.spacing_mm,
                edge_labels=shown.edge_labels,
                slice_results=tuple(
                    _screened(index, entry, self.facts)
                    for index, entry in enumerate(shown.entries)
                ),
                overlay=_OVERLAY if shown.maps else None,
                notes=shown.notes,
            )
        )

    def _file_for_pacs(self, scored: ScoredStack) -> None:
        """Make the objects for a PACS of the decided slices of a DICOM series."""
        if scored.series.load_origin is None:
            return
        decided = _decided(scored.entries, scored.class_maps)
        try:
            result = describe_series(
                replace(scored, class_maps=decided), self.card, made=self.made
            )
            for data_set in make_objects(result):
                self.objects.add(data_set)
        except DataError as error:
            label = scored.stack.facts.label
            self.notes.append(f"no DICOM result for {label}: {error}")


def relevance(
    maps: Mapping[int, NDArray[np.float32]], shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Return the positive part of maps, scaled to the largest value of the series.

    Args:
        maps: By slice, shape (rows, columns), float32.
        shape: Slices, rows, columns.

    Returns:
        That shape, uint8; 0 where a slice has no map.
    """
    found = np.zeros(shape, dtype=np.uint8)
    largest = max((float(one.max()) for one in maps.values()), default=0.0)
    if largest <= 0:
        return found
    for index, one in maps.items():
        found[index] = np.rint(np.clip(one, 0, None) * (255 / largest))
    return found


def _decided(
    entries: Sequence[SlicePrediction], class_maps: Mapping[int, NDArray[np.float32]]
) -> dict[int, NDArray[np.float32]]:
    """Return the maps of decided slices; an abstention shows none."""
    return {
        index: found
        for index, found in class_maps.items()
        if entries[index].decision in SHOWN
    }


def _screened(
    index: int, entry: SlicePrediction, facts: ModelFacts | None
) -> ScreenedSlice:
    """Return the answer for a slice; an abstention keeps its reason, not its number."""
    if entry.tumor_probability is None or entry.decision is None:
        return ScreenedSlice(
            index=index,
            position_mm=entry.position_mm,
            tumor_probability=None,
            interval=None,
            decision="not assessed",
            reasons=(entry.refused,),
        )
    is_shown = entry.decision in SHOWN
    observed = None if facts is None else facts.observed_at(entry.tumor_probability)
    warnings = tuple(f"input flagged: {one}" for one in entry.input_reasons)
    return ScreenedSlice(
        index=index,
        position_mm=entry.position_mm,
        tumor_probability=entry.tumor_probability if is_shown else None,
        interval=observed.interval if is_shown and observed is not None else None,
        decision=entry.decision,
        reasons=(*entry.reasons, *warnings),
    )


def _write_arrays(place: Path, shown: _Shown) -> None:
    place.mkdir(parents=True)
    for channel in range(shown.pixels.shape[3]):
        half = (shown.pixels[..., channel] >> 1).astype("<i2")
        write_bytes(place / f"pixels-{channel}.gz", _pack(half))
    found = relevance(shown.maps, shown.pixels.shape[:3])
    write_bytes(place / "relevance.gz", _pack(found))


def _pack(array: NDArray[Any]) -> bytes:
    return gzip.compress(array.tobytes(), compresslevel=_PACKING, mtime=0)
