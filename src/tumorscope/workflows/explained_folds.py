"""One fold of a run -> maps of its test slices, scored and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.progress import Progress
from tumorscope.workflows.explained_rows import FoldRows, choose_rows, tumor_rows
from tumorscope.workflows.lesion_sizes import REFERENCE_PX
from tumorscope.workflows.map_checks import (
    check_slices,
    delete_pixels,
    measure_completeness,
)
from tumorscope.workflows.map_scores import MapRow, choose_taus, score_slices
from tumorscope.workflows.mapped_slices import (
    ExplainedFold,
    MappedSlice,
    map_slices,
)
from tumorscope.workflows.scoring import open_fold_bundle, open_predictor


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldScores:
    """What was found in a fold.

    Attributes:
        fold: Its name.
        rows: Scores of each slice and map; a slice and map may have several rows.
        slices: A row for each mapped slice: row, fold, label, area_px, is_found, weight.
        completeness: Shape (checked slices,), |logit - mean of the class map|.
        taus: The cut-offs, by method.
    """

    fold: str
    rows: list[MapRow]
    slices: pd.DataFrame
    completeness: NDArray[np.float64]
    taus: Mapping[str, float]


@dataclass(slots=True)
class _Kept:
    """Yields slices and keeps those that are looked at again."""

    wanted: set[int]
    kept: dict[int, MappedSlice] = field(default_factory=dict)
    areas_px: dict[int, float] = field(default_factory=dict)

    def watch(self, mapped: Iterator[MappedSlice]) -> Iterator[MappedSlice]:
        for one in mapped:
            share = float("nan") if one.mask is None else float(one.mask.mean())
            self.areas_px[one.row] = share * REFERENCE_PX**2
            if one.row in self.wanted:
                self.kept[one.row] = one
            yield one

    def of(self, rows: NDArray[np.int64]) -> list[MappedSlice]:
        return [self.kept[int(row)] for row in rows]


def score_fold(
    opened: ExplainedFold, second: ExplainedFold | None, progress: Progress
) -> FoldScores:
    """Make, score and check the maps of one fold.

    Args:
        opened: The fold.
        second: The same fold of a run with another seed; None compares with none.
        progress: Shows how far it got.
    """
    run, fold = opened.run, opened.fold
    name = run.split.fold_names[fold]
    chosen = choose_rows(opened)
    tune = tumor_rows(run, "tune", fold, masked=True)
    taus = choose_taus(opened, tune, progress)
    kept = _Kept(wanted={*chosen.checked.tolist(), *chosen.deleted.tolist()})
    mapped = progress(
        map_slices(opened, chosen.mapped),
        total=len(chosen.mapped),
        label=f"explaining {name}",
    )
    rows = list(score_slices(opened, kept.watch(mapped), taus))
    rows += check_slices(
        opened, kept.of(chosen.checked), second=second, progress=progress
    )
    rows += delete_pixels(opened, kept.of(chosen.deleted), progress)
    return FoldScores(
        fold=name,
        rows=rows,
        slices=_describe_slices(opened, chosen, kept.areas_px),
        completeness=measure_completeness(opened, chosen.checked),
        taus=taus,
    )


def _describe_slices(
    opened: ExplainedFold, chosen: FoldRows, areas_px: Mapping[int, float]
) -> pd.DataFrame:
    rows = chosen.mapped
    predictor = open_predictor(open_fold_bundle(opened.run, opened.fold))
    found = np.zeros(len(rows), dtype=bool)
    if len(rows):
        scores = predictor.score_prepared(opened.store.pixels[rows])
        found = scores.tumor_probability > predictor.threshold_probability
    return pd.DataFrame(
        {
            "row": rows,
            "fold": opened.run.split.fold_names[opened.fold],
            "label": opened.run.manifest.labels[rows],
            "area_px": [areas_px[int(row)] for row in rows],
            "is_found": found,
            "weight": chosen.weights,
        }
    )
