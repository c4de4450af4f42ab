"""DICOM studies and volumes -> a probability for each slice, and figures of each series."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.card import BundleCard
from tumorscope.domain.errors import DataError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.slice_stack import SliceStack
from tumorscope.domain.study import SEQUENCES, SeriesSource, StudySource
from tumorscope.importers.channels import stack_each_series, stack_study
from tumorscope.importers.detection import Layout, find_scans
from tumorscope.importers.inspection import Inspection
from tumorscope.importers.intensity_window import CONTENT_SHARE
from tumorscope.inference.predictor import Predictor
from tumorscope.io.sandbox import Sandbox
from tumorscope.workflows.prediction_list import SeriesPrediction
from tumorscope.workflows.slice_prediction import (
    SlicePrediction,
    refuse_slice,
    score_with_map,
)

SERIES_RULE = (
    "Series: highest and mean tumor_probability of its scored slices. The threshold was "
    "fixed for single slices; with many slices the highest one passes it more often, so "
    "no series is called positive or negative."
)
EMPTY_SLICE = (
    f"shows almost nothing: less than {CONTENT_SHARE:.0%} of its pixels are brighter than "
    "the background"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedSeries:
    """All that was found in studies and volumes.

    Attributes:
        slices: One entry for each slice.
        series: One entry for each series.
        left_out: What was not scored, and why.
        notes: How the figures of a series are to be read.
    """

    slices: tuple[SlicePrediction, ...] = ()
    series: tuple[SeriesPrediction, ...] = ()
    left_out: tuple[LeftOutScan, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredStack:
    """A series while its voxels are at hand.

    Attributes:
        series: Whose grid the slices have.
        further: Other series that channels were made from.
        stack: Its slices.
        entries: One answer for each slice.
        class_maps: By slice, shape (h, w), float32; only slices with a score have one.
    """

    series: SeriesSource
    further: tuple[SeriesSource, ...]
    stack: SliceStack
    entries: tuple[SlicePrediction, ...]
    class_maps: Mapping[int, NDArray[np.float32]]


KeepStack = Callable[[ScoredStack], None]
"""Is handed each series as soon as it is scored."""


def forget_stack(_scored: ScoredStack) -> None:
    """Keep nothing of a series but its figures."""


def score_scans(
    predictor: Predictor,
    scans: Sequence[tuple[Path, Layout]],
    *,
    keep: KeepStack = forget_stack,
    progress: Progress = silent,
) -> ScannedSeries:
    """Score every slice of studies and volumes.

    Args:
        predictor: Its card says which sequences the model was trained on.
        scans: Paths, and whether they hold DICOM or NIfTI.
        keep: Is handed each series while its voxels are at hand.
        progress: Shows how far it got.

    Returns:
        Slices, series, and all that was not scored.

    Raises:
        DataError: If an archive or DICOMDIR is not to be trusted.
    """
    slices: list[SlicePrediction] = []
    series: list[SeriesPrediction] = []
    left_out: list[LeftOutScan] = []
    inspection = Inspection(progress=progress, workers=os.cpu_count() or 1)
    with Sandbox() as sandbox:
        for path, layout in scans:
            found = find_scans(path, layout, sandbox, inspection)
            left_out += found.left_out
            for study in found.studies:
                stacks, unused = stack_slices(study, predictor.card)
                left_out += unused
                for stack in stacks:
                    scored = _score(predictor, study, stack, progress=progress)
                    keep(scored)
                    entries = scored.entries
                    slices += entries
                    series.append(_summarize(stack, entries, predictor.card, path))
                    left_out += stack.left_out
    return ScannedSeries(
        slices=tuple(slices),
        series=tuple(series),
        left_out=tuple(left_out),
        notes=(SERIES_RULE,),
    )


def stack_slices(
    study: StudySource, card: BundleCard
) -> tuple[list[SliceStack], list[LeftOutScan]]:
    """Read a study as the slices that a model takes.

    Args:
        study: Its series.
        card: Says which sequences the model was trained on.

    Returns:
        One stack for the study, or one for each series where the model does not tell its
        sequences; and what of the study cannot be used.
    """
    wanted = wanted_sequences(card)
    if not wanted:
        return stack_each_series(study)
    try:
        return [stack_study(study, wanted)], []
    except DataError as error:
        label = ", ".join(one.facts.label for one in study.series)
        files = sum(one.files for one in study.series)
        return [], [LeftOutScan(label=label, files=files, reason=str(error))]


def wanted_sequences(card: BundleCard) -> tuple[str, ...]:
    """Return the channels that a model was trained on; empty where it does not tell."""
    names = tuple(name.strip().lower() for name in card.sequences)
    known = len(names) in (1, 3) and set(names) <= set(SEQUENCES)
    return names if known else ()


def _score(
    predictor: Predictor, study: StudySource, stack: SliceStack, *, progress: Progress
) -> ScoredStack:
    label = stack.facts.label
    entries: list[SlicePrediction] = []
    class_maps: dict[int, NDArray[np.float32]] = {}
    numbers = progress(
        range(len(stack.pixels)), total=len(stack.pixels), label="scoring slices"
    )
    for index in numbers:
        image = f"{label}, slice {index}"
        entry, class_map = _score_slice(predictor, stack, index, image)
        position_mm = round(float(stack.positions_mm[index]), 3)
        entries.append(replace(entry, slice_index=index, position_mm=position_mm))
        if class_map is not None:
            class_maps[index] = class_map
    unused = {one.label for one in stack.left_out}
    used = [
        one
        for one in study.series
        if one.facts.sequence.name in stack.sequences and one.facts.label not in unused
    ]
    return ScoredStack(
        series=next(one for one in used if one.facts == stack.facts),
        further=tuple(one for one in used if one.facts != stack.facts),
        stack=stack,
        entries=tuple(entries),
        class_maps=class_maps,
    )


def _score_slice(
    predictor: Predictor, stack: SliceStack, index: int, image: str
) -> tuple[SlicePrediction, NDArray[np.float32] | None]:
    if not stack.has_content[index]:
        return refuse_slice(predictor, image=image, reason=EMPTY_SLICE), None
    try:
        return score_with_map(predictor, stack.picture(index), image=image)
    except DataError as error:
        return refuse_slice(predictor, image=image, reason=str(error)), None


def _summarize(
    stack: SliceStack,
    entries: Sequence[SlicePrediction],
    card: BundleCard,
    path: Path,
) -> SeriesPrediction:
    scored = [one for one in entries if one.tumor_probability is not None]
    values = np.array([one.tumor_probability for one in scored], dtype=np.float64)
    highest = int(values.argmax()) if scored else None
    return SeriesPrediction(
        source=str(path),
        series=stack.facts.label,
        sequences=stack.sequences,
        sequence_guess=stack.facts.sequence.as_words(),
        slices=len(entries),
        scored_slices=len(scored),
        highest_tumor_probability=None if highest is None else float(values[highest]),
        highest_slice_index=None if highest is None else scored[highest].slice_index,
        mean_tumor_probability=float(values.mean()) if scored else None,
        slices_above_threshold=sum(bool(one.above_threshold) for one in scored),
        referred_slices=sum(one.decision == "refer" for one in scored),
        orientation=stack.orientation,
        spacing_mm=stack.spacing_mm,
        notes=(*_training_notes(stack, card), *stack.notes),
    )


def _training_notes(stack: SliceStack, card: BundleCard) -> tuple[str, ...]:
    trained = ", ".join(card.sequences) or "pictures of an unknown sequence"
    if not wanted_sequences(card):
        return (
            f"the model was trained on {trained}; each usable series is scored for "
            "itself, and no figure was measured on such input",
        )
    if any(" is missing: " in note for note in stack.notes):
        return (
            f"the model was trained on {trained}, and this study lacks one of them: no "
            "figure was measured on such input",
        )
    return ()
