"""Image files -> series of slices in the order of their names, scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.progress import Progress, silent
from tumorscope.inference.predictor import Predictor
from tumorscope.io.sandbox import Sandbox
from tumorscope.workflows.predict_scans import wanted_sequences
from tumorscope.workflows.slice_prediction import (
    SlicePrediction,
    refuse_slice,
    score_with_map,
)

ORIENTATION_UNKNOWN = "Orientation and scale unknown: pictures carry no header."
MAX_PICTURES = 2_000
_READ = "tumorscope.io.images:read_image"
_UINT8_TO_UINT16 = 257


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSeries:
    """Pictures of one folder and one size.

    Attributes:
        label: What messages call it.
        sequences: What the channels show, as far as it is known.
        originals: As decoded, for their maps.
        pixels: Shape (slices, rows, columns, channels), uint16.
        entries: One answer for each.
        class_maps: By slice; only slices with a score have one.
    """

    label: str
    sequences: tuple[str, ...]
    originals: tuple[NDArray[Any], ...]
    pixels: NDArray[np.uint16]
    entries: tuple[SlicePrediction, ...]
    class_maps: dict[int, NDArray[np.float32]]


def score_pictures(
    predictor: Predictor, files: Sequence[Path], *, progress: Progress = silent
) -> tuple[list[PictureSeries], list[LeftOutScan]]:
    """Decode pictures in a sandbox and score them.

    Args:
        predictor: The model.
        files: Image files.
        progress: Shows how far it got.

    Returns:
        A series for each folder and shape, and the files that could not be read.
    """
    if len(files) > MAX_PICTURES:
        raise DataError(f"{len(files)} pictures; the limit is {MAX_PICTURES}")
    groups: dict[tuple[str, tuple[int, ...]], list[tuple[Path, NDArray[Any]]]] = {}
    unread: list[LeftOutScan] = []
    with Sandbox() as sandbox:
        for file in progress(files, total=len(files), label="reading pictures"):
            try:
                pixels = np.asarray(sandbox.call(_READ, file))
            except UnreadableScanError as error:
                unread.append(
                    LeftOutScan(
                        label=file.name, files=1, reason=str(error), damaged=True
                    )
                )
                continue
            key = (str(file.parent), pixels.shape)
            groups.setdefault(key, []).append((file, pixels))
    found = [_score(predictor, members, progress) for members in groups.values()]
    return found, unread


def _score(
    predictor: Predictor,
    members: Sequence[tuple[Path, NDArray[Any]]],
    progress: Progress,
) -> PictureSeries:
    entries: list[SlicePrediction] = []
    class_maps: dict[int, NDArray[np.float32]] = {}
    numbered = progress(enumerate(members), total=len(members), label="scoring slices")
    for index, (file, pixels) in numbered:
        try:
            entry, found = score_with_map(predictor, pixels, image=file.name)
        except DataError as error:
            entry, found = (
                refuse_slice(predictor, image=file.name, reason=str(error)),
                None,
            )
        entries.append(replace(entry, slice_index=index))
        if found is not None:
            class_maps[index] = found
    originals = tuple(pixels for _, pixels in members)
    first = members[0][0]
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    return PictureSeries(
        label=f"{first.name}{more}",
        sequences=_sequences(predictor, originals),
        originals=originals,
        pixels=_channels(originals),
        entries=tuple(entries),
        class_maps=class_maps,
    )


def _is_gray(pictures: Sequence[NDArray[Any]]) -> bool:
    return all(
        one.ndim == 2 or bool((one[..., :1] == one[..., 1:]).all()) for one in pictures
    )


def _sequences(
    predictor: Predictor, pictures: Sequence[NDArray[Any]]
) -> tuple[str, ...]:
    if _is_gray(pictures):
        return ("picture",)
    known = wanted_sequences(predictor.card)
    return known if len(known) == 3 else ("red", "green", "blue")


def _channels(pictures: Sequence[NDArray[Any]]) -> NDArray[np.uint16]:
    """Return pictures as shape (slices, rows, columns, 1 or 3), uint16."""
    stacked = np.stack([one if one.ndim == 3 else one[..., None] for one in pictures])
    if _is_gray(pictures):
        stacked = stacked[..., :1]
    if stacked.dtype == np.uint8:
        return stacked.astype(np.uint16) * np.uint16(_UINT8_TO_UINT16)
    return stacked
