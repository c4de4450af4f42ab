"""Maps of a fold's slices -> one row of scores for each slice and method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.progress import Progress
from tumorscope.explanation.attribution import seen_pixels
from tumorscope.explanation.brain_mass import highlighted_share, mass_outside_brain
from tumorscope.explanation.map_score import MapScore, make_binary, score_map
from tumorscope.explanation.masked_maps import MaskedMap, choose_tau
from tumorscope.workflows.mapped_slices import (
    ExplainedFold,
    MappedSlice,
    map_slices,
)

FIXED_RULE = frozenset({"brightness"})
"""Maps whose cut-off is the fixed top 12 % of the core, not one chosen on tuning data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """Scores of one map of one slice.

    Attributes:
        row: Row of the manifest.
        method: Name of the method or trivial map.
        figures: By name, see `tumorscope.explanation.quality_figures`.
        lesion: How well it marks the lesion; None without one, or without a cut-off.
    """

    row: int
    method: str
    figures: Mapping[str, float]
    lesion: MapScore | None = None


def choose_taus(
    opened: ExplainedFold, rows: NDArray[np.int64], progress: Progress
) -> dict[str, float]:
    """Choose the cut-off of every method on tumor slices of the tuning part.

    Args:
        opened: The fold.
        rows: Tumor slices of the tuning part with a mask; none give no cut-off.
        progress: Shows how far it got.

    Returns:
        By method; maps of the fixed rule have none.
    """
    collected: dict[str, list[NDArray[np.float32]]] = {}
    masks: list[NDArray[np.bool_]] = []
    label = f"cut-offs of {_fold_name(opened)}"
    for mapped in progress(map_slices(opened, rows), total=len(rows), label=label):
        if mapped.mask is None:
            continue
        masks.append(mapped.mask)
        for method, values in mapped.all_maps().items():
            if method not in FIXED_RULE:
                collected.setdefault(method, []).append(values)
    return {method: choose_tau(maps, masks) for method, maps in collected.items()}


def score_slices(
    opened: ExplainedFold,
    mapped: Iterable[MappedSlice],
    taus: Mapping[str, float],
) -> Iterator[MapRow]:
    """Score all maps of some slices, one after the other.

    Args:
        opened: The fold.
        mapped: Tumor and tumor-free slices; may be a generator.
        taus: From `choose_taus`.

    Yields:
        A row for each slice and method.
    """
    labels = opened.run.manifest.labels
    for one in mapped:
        for method, values in one.all_maps().items():
            core = one.trivial.region.core
            binary = None
            if method in taus or method in FIXED_RULE:
                binary = make_binary(values, core, tau=taus.get(method))
            lesion = None
            if binary is not None and labels[one.row] == 1 and one.mask is not None:
                lesion = score_map(
                    MaskedMap(map=values, mask=one.mask, core=core),
                    tau=taus.get(method),
                )
            place = _place_figures(opened, one, method, binary)
            yield MapRow(
                row=one.row,
                method=method,
                figures=place | ({} if lesion is None else asdict(lesion)),
                lesion=lesion,
            )


def _place_figures(
    opened: ExplainedFold,
    one: MappedSlice,
    method: str,
    binary: NDArray[np.bool_] | None,
) -> dict[str, float]:
    """Return what a map does where no tumor can be."""
    brain = one.trivial.region.brain
    figures = {}
    if method in one.maps:
        values = one.maps[method]
        seen = seen_pixels(opened.store.box(one.row), values.shape[0], values.shape[1])
        figures["mass_outside_brain"] = mass_outside_brain(values, brain, seen)
    if binary is not None and opened.run.manifest.labels[one.row] == 0:
        figures["highlighted_on_tumor_free"] = highlighted_share(binary, brain)
    return figures


def _fold_name(opened: ExplainedFold) -> str:
    return opened.run.split.fold_names[opened.fold]
