"""From the series of a study to slices with one channel for each sequence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.orientation import (
    RADIOLOGICAL_WORDS,
    acquired_plane,
    obliquity_degrees,
    to_radiological,
)
from tumorscope.domain.slice_stack import SliceStack
from tumorscope.domain.study import LoadedVolume, SeriesFacts, SeriesSource, StudySource
from tumorscope.domain.volume import Volume
from tumorscope.importers.channel_grid import is_same_grid, resample, square_pixels
from tumorscope.importers.intensity_window import find_content, to_window

COMBINED = ("t1", "flair", "t1c")
"""Channels where a study has all three and nothing else is asked for."""
GRID_ORDER = ("flair", "t1c", "t2", "t1")
"""Which series gives the grid, and the only channel where there are not three."""
OBLIQUE_DEGREES = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """A series as axial slices, windowed."""

    facts: SeriesFacts
    volume: Volume
    notes: tuple[str, ...]


def stack_study(study: StudySource, wanted: Sequence[str] = ()) -> SliceStack:
    """Make the slices of a study.

    Args:
        study: Its series are read here.
        wanted: Names of one or three channels; empty takes t1, flair and t1c where all
            are there, else the first of flair, t1c, t2, t1 alone. A sequence that is
            missing is replaced by FLAIR, as public sets do, or else by zeros; a note
            says so.

    Returns:
        The slices; every series that is not used is listed.

    Raises:
        DataError: If none of the wanted sequences can be used; the reasons are told.
    """
    loaded, left_out = _load_all(study)
    names = tuple(wanted) or choose_channels([frozenset(loaded)])
    present = [name for name in GRID_ORDER if name in loaded and name in names]
    if not present:
        raise DataError(_nothing_to_use(names, loaded, left_out))
    reference = loaded[present[0]]
    unused = [
        _not_wanted(one, names) for key, one in loaded.items() if key not in names
    ]
    channels, misfits = _on_one_grid(reference, [loaded[name] for name in present])
    pixels, missing = _fill(channels, names)
    notes = [*reference.notes, *missing]
    notes += [note for key in channels for note in loaded[key].notes]
    return SliceStack(
        facts=reference.facts,
        sequences=names,
        pixels=pixels,
        masks=_read_masks(study.segmentation, reference.volume),
        has_content=find_content(pixels),
        positions_mm=reference.volume.positions_mm,
        spacing_mm=reference.volume.spacing_mm,
        origins_mm=reference.volume.origins_mm,
        row_step_mm=reference.volume.row_step_mm,
        column_step_mm=reference.volume.column_step_mm,
        left_out=(*left_out, *unused, *misfits),
        notes=(RADIOLOGICAL_WORDS, *dict.fromkeys(notes)),
    )


def stack_each_series(study: StudySource) -> tuple[list[SliceStack], list[LeftOutScan]]:
    """Make a stack of one channel for each usable series of a study.

    For models that were trained on single gray pictures of an unknown sequence.
    """
    stacks: list[SliceStack] = []
    left_out: list[LeftOutScan] = []
    for series in study.series:
        name = series.facts.sequence.name or ""
        try:
            stacks.append(stack_study(replace(study, series=(series,)), (name,)))
        except DataError as error:
            left_out.append(_left_out(series, error))
    return stacks, left_out


def _load_all(study: StudySource) -> tuple[dict[str, _Loaded], list[LeftOutScan]]:
    """Read the series of a study; keep the best one of each sequence."""
    candidates: dict[str, list[_Loaded]] = defaultdict(list)
    left_out: list[LeftOutScan] = []
    for series in study.series:
        try:
            found = series.load()
            one = _as_axial(series.facts, found)
        except DataError as error:
            left_out.append(_left_out(series, error))
            continue
        left_out += found.left_out
        candidates[str(series.facts.sequence.name)].append(one)
    best: dict[str, _Loaded] = {}
    for name, members in candidates.items():
        first, *others = sorted(members, key=_preference)
        best[name] = first
        left_out += [
            LeftOutScan(
                label=one.facts.label,
                files=len(one.volume.voxels),
                reason=f"another {name} of this study is used: {first.facts.label}",
            )
            for one in others
        ]
    return best, left_out


def _preference(one: _Loaded) -> tuple[float, str]:
    """Finer slices first: the size of a voxel in mm3."""
    row_mm, column_mm = one.volume.spacing_mm
    slice_mm = float(np.linalg.norm(one.volume.slice_step_mm))
    return (round(row_mm * column_mm * slice_mm, 3), one.facts.label)


def _as_axial(facts: SeriesFacts, found: LoadedVolume) -> _Loaded:
    plane = acquired_plane(found.volume)
    angle = obliquity_degrees(found.volume)
    notes = [*facts.notes, *found.notes]  # of this series, whose sequence goes in front
    if plane != "axial":
        notes.append(f"acquired as {plane} slices and cut across")
    if angle > OBLIQUE_DEGREES:
        notes.append(f"slices are tilted by {angle:.0f} degrees and shown as acquired")
    axial = square_pixels(to_radiological(found.volume))
    windowed = replace(axial, voxels=to_window(axial.voxels))
    words = tuple(f"{facts.sequence.name}: {note}" for note in notes)
    return _Loaded(facts=facts, volume=windowed, notes=words)


def choose_channels(offered: Sequence[frozenset[str]]) -> tuple[str, ...]:
    """Return the channels that serve several studies, as all slices must have the same.

    Args:
        offered: Names of the sequences of each study.

    Returns:
        `COMBINED` where every study has all three; else the one sequence that most
        studies have, the first of `GRID_ORDER` among equals; empty where none has any.
    """
    if offered and all(names.issuperset(COMBINED) for names in offered):
        return COMBINED
    counts = {name: sum(name in names for names in offered) for name in GRID_ORDER}
    best = max(GRID_ORDER, key=lambda name: counts[name])
    return (best,) if counts[best] else ()


def _on_one_grid(
    reference: _Loaded, members: Sequence[_Loaded]
) -> tuple[dict[str, Volume], list[LeftOutScan]]:
    channels: dict[str, Volume] = {}
    misfits: list[LeftOutScan] = []
    for one in members:
        try:
            channels[str(one.facts.sequence.name)] = _onto(one, reference)
        except DataError as error:
            misfits.append(
                LeftOutScan(
                    label=one.facts.label,
                    files=len(one.volume.voxels),
                    reason=str(error),
                )
            )
    return channels, misfits


def _onto(one: _Loaded, reference: _Loaded) -> Volume:
    if one is reference or is_same_grid(one.volume, reference.volume):
        return one.volume
    frame = one.facts.frame_of_reference
    if frame is None or frame != reference.facts.frame_of_reference:
        raise DataError(
            f"lies in another coordinate system than {reference.facts.label}"
        )
    return resample(one.volume, reference.volume)


def _fill(
    channels: Mapping[str, Volume], names: Sequence[str]
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint16]], list[str]]:
    """Return the channels behind each other, and what stands for missing ones."""
    first = next(iter(channels.values())).voxels
    notes: list[str] = []
    planes = []
    for name in names:
        if name in channels:
            planes.append(channels[name].voxels)
        elif "flair" in channels:
            planes.append(channels["flair"].voxels)
            notes.append(f"{name} is missing: its channel holds a copy of flair")
        else:
            planes.append(np.zeros(first.shape, np.uint16))
            notes.append(f"{name} is missing: its channel is empty")
    rounded = [np.rint(plane).astype(np.uint16) for plane in planes]
    pixels = rounded[0] if len(rounded) == 1 else np.stack(rounded, axis=3)
    # Views of turned volumes have strides that OpenCV refuses.
    return np.ascontiguousarray(pixels), notes


def _read_masks(
    segmentation: SeriesSource | None, reference: Volume
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
    if segmentation is None:
        return None
    found = segmentation.load().volume
    lesion = replace(found, voxels=(found.voxels > 0).astype(np.uint8))
    axial = square_pixels(to_radiological(lesion), is_mask=True)
    if not is_same_grid(axial, reference):
        raise DataError(
            f"{segmentation.facts.label}: the lesion mask lies on another grid than the "
            "scan; save it on the scan's grid"
        )
    return np.ascontiguousarray(axial.voxels > 0)


def _not_wanted(one: _Loaded, names: Sequence[str]) -> LeftOutScan:
    return LeftOutScan(
        label=one.facts.label,
        files=len(one.volume.voxels),
        reason=f"{one.facts.sequence.name} is not among the channels {', '.join(names)}",
    )


def _left_out(series: SeriesSource, error: DataError) -> LeftOutScan:
    return LeftOutScan(
        label=series.facts.label,
        files=series.files,
        reason=str(error),
        damaged=isinstance(error, UnreadableScanError),
    )


def _nothing_to_use(
    names: Sequence[str],
    loaded: Mapping[str, _Loaded],
    left_out: Sequence[LeftOutScan],
) -> str:
    offered = ", ".join(loaded) or "none"
    asked = ", ".join(names) or "any of t1, t1c, t2, flair"
    reasons = "; ".join(f"{one.label}: {one.reason}" for one in left_out[:5])
    return f"no usable sequence: wanted {asked}, offered {offered}. {reasons}".strip()
