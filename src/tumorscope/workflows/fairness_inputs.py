"""Evaluated run -> everything that groups of patients are compared by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.abstention import decide_rows
from tumorscope.evaluation.evaluated import evaluated_rows
from tumorscope.evaluation.fairness.scores import UNKNOWN, ScoredSlices
from tumorscope.io.artifacts import read_predictions
from tumorscope.io.bundle import read_card
from tumorscope.io.slice_tables import read_slice_table
from tumorscope.workflows.lesion_sizes import read_lesion_areas
from tumorscope.workflows.run_folder import EXPLANATIONS, PREDICTIONS, Run
from tumorscope.workflows.scoring import manifest_rows

MAP_SCORES = "scores.parquet"
PREFERRED_MAP = "cam"
_SLICE = ["image", "frame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _MapScores:
    """How well one map marks the lesions; None where no slice was scored."""

    values: NDArray[np.float64] | None
    name: str


def read_run_predictions(run: Run) -> Predictions:
    """Read what `evaluate` left.

    Raises:
        ConfigError: If the run was not evaluated yet.
        DataError: If the file is damaged.
    """
    path = run.folder / PREDICTIONS
    if not path.is_file():
        raise ConfigError(
            f"{run.folder}: no {PREDICTIONS}; run `tumorscope evaluate {run.folder}` first"
        )
    return read_predictions(path)


def tested_rows(run: Run, predictions: Predictions) -> pd.DataFrame:
    """Return the rows of the manifest that were tested, in the order of the scores."""
    rows = manifest_rows(run.manifest, evaluated_rows(predictions))
    return run.manifest.table.iloc[rows].reset_index(drop=True)


def read_scored_slices(
    run: Run, predictions: Predictions, *, progress: Progress = silent
) -> ScoredSlices:
    """Gather what groups of patients are compared by.

    Args:
        run: An evaluated run.
        predictions: Its scores.
        progress: Shows how far it got.

    Raises:
        BundleError: If a fold has no model.
        DataError: If the scores hold slices that the run does not know.
        UnreadableScanError: If a mask cannot be decoded.
    """
    table = evaluated_rows(predictions).reset_index(drop=True)
    rows = manifest_rows(run.manifest, table)
    tested = run.manifest.subset(rows)
    has_masks = bool(tested.table["mask"].notna().any())
    areas = read_lesion_areas(tested, progress=progress) if has_masks else None
    cards = {
        card.data.fold: card
        for fold in range(len(run.split.fold_names))
        for card in [read_card(run.bundle_folder(fold))]
    }
    maps = _read_map_scores(run, table)
    return ScoredSlices(
        table=table,
        known=tested.table,
        draws=draw_patients(
            table["group"],
            table["site"],
            run.record.spec.evaluate,
            grouping=run.split.grouping,
        ),
        areas_px=areas,
        lacks_sequence=_lacks_sequence(run, rows, progress),
        referred=decide_rows(table, cards).is_referred,
        localization=maps.values,
        localization_name=maps.name,
    )


def _lacks_sequence(
    run: Run, rows: NDArray[np.int64], progress: Progress
) -> NDArray[np.bool_] | None:
    """Mark slices in which one channel is a bit-identical copy of another.

    Each channel of a prepared slice depends on that channel and on the crop that all
    share, so that copies stay copies.
    """
    sequences = run.manifest.sequences
    if len(set(sequences)) < len(sequences) or len(sequences) < 2:
        return None
    pixels = run.store(progress).pixels
    pairs = ((0, 1), (0, 2), (1, 2))
    return np.array(
        [
            any(
                np.array_equal(pixels[row, ..., a], pixels[row, ..., b])
                for a, b in pairs
            )
            for row in rows
        ],
        dtype=bool,
    )


def _read_map_scores(run: Run, table: pd.DataFrame) -> _MapScores:
    path = run.folder / EXPLANATIONS / MAP_SCORES
    if not path.is_file():
        return _MapScores(values=None, name=UNKNOWN)
    scores = read_slice_table(path, [*_SLICE, "method", "dice"])
    methods = list(dict.fromkeys(scores["method"]))
    if not methods:
        return _MapScores(values=None, name=UNKNOWN)
    method = PREFERRED_MAP if PREFERRED_MAP in methods else methods[0]
    own = scores[scores["method"] == method].drop_duplicates(_SLICE)
    found = table[_SLICE].merge(own[[*_SLICE, "dice"]], on=_SLICE, how="left")
    return _MapScores(
        values=found["dice"].to_numpy(dtype=np.float64), name=f"Dice of {method}"
    )
