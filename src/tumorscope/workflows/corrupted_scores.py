"""Scores of a run's tested slices after a corruption, kept so that a stop costs little.

Each corruption has one file in `RUN/robustness/`. Its name carries a key of all that its
content depends on: weights, calibration, preprocessing, slices, and the version of the
definitions. A file of another key is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.progress import Progress
from tumorscope.domain.robustness_spec import RobustnessSpec
from tumorscope.evaluation.robustness.scores import CorruptedScores
from tumorscope.inference.predictor import Predictor
from tumorscope.io.bundle import Bundle
from tumorscope.io.images import read_image
from tumorscope.io.slice_tables import read_slice_table
from tumorscope.mri_artifacts import (
    ARTIFACTS_VERSION,
    corrupt_slice,
    missing_sequences,
    replace_sequence,
)
from tumorscope.preprocessing import CHANNELS, prepare_slice
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.scoring import manifest_rows, open_fold_bundle, open_predictor

SCORES_FOLDER = "robustness"
CHUNK = 32
KEY_DIGITS = 16
_KEYS = ["image", "frame"]
_SCORE, _BLANK = "tumor_probability", "is_blank"
Change = Callable[[NDArray[Any], str], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """One way of changing every slice.

    Attributes:
        name: Artifact, or what is done to a sequence.
        severity: From 1 to 5; 0 for a missing sequence.
        change: From decoded pixels and the name of their file to changed pixels.
    """

    name: str
    severity: int
    change: Change

    @property
    def file_stem(self) -> str:
        """Start of the name of its file."""
        letters = "".join(one if one.isalnum() else "-" for one in self.name.lower())
        return f"{letters}-{self.severity}"


def corruptions_of(
    spec: RobustnessSpec, sequences: Sequence[str]
) -> tuple[Corruption, ...]:
    """Return what the settings ask for: artifacts by severity, then missing sequences.

    Args:
        spec: Which artifacts and severities.
        sequences: Names of the channels; where they are not known, no sequence is
            replaced.
    """
    artifacts = [
        Corruption(name=name, severity=severity, change=_artifact(name, severity))
        for name in spec.artifacts
        for severity in spec.severities
    ]
    ways = missing_sequences(sequences) if spec.missing_sequences else ()
    replaced = [
        Corruption(name=one.name, severity=0, change=_replacement(one)) for one in ways
    ]
    return (*artifacts, *replaced)


def score_corruptions(
    run: Run,
    table: pd.DataFrame,
    corruptions: Sequence[Corruption],
    *,
    progress: Progress,
) -> tuple[CorruptedScores, ...]:
    """Score tested slices after every corruption; what is there already is read.

    Args:
        run: An evaluated run.
        table: Its tested rows of `Predictions.table`.
        corruptions: What is done to the slices.
        progress: Shows slices scored, and the time left.

    Returns:
        In the order of the corruptions, each in the order of `table`.

    Raises:
        BundleError: If a fold has no model.
        DataError: If a slice cannot be corrupted or prepared.
        LeakageError: If a bundle saw what it is tested on.
        UnreadableScanError: If an image cannot be decoded.
    """
    names = run.split.fold_names
    bundles = {name: open_fold_bundle(run, fold) for fold, name in enumerate(names)}
    key = _key(run, bundles, table)
    folder = run.folder / SCORES_FOLDER
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{one.file_stem}-{key}.parquet" for one in corruptions]
    missing = [
        (one, path)
        for one, path in zip(corruptions, paths, strict=True)
        if not path.is_file()
    ]
    if missing:
        predictors = {name: open_predictor(one) for name, one in bundles.items()}
        steps = _score(run, table, predictors, missing)
        total = len(missing) * len(table)
        for _ in progress(steps, total=total, label="corrupted slices"):
            pass
    return tuple(
        _read(path, table, one) for one, path in zip(corruptions, paths, strict=True)
    )


def _artifact(name: Any, severity: int) -> Change:
    def change(pixels: NDArray[Any], file_name: str) -> NDArray[Any]:
        return corrupt_slice(pixels, name, severity=severity, file_name=file_name)

    return change


def _replacement(missing: Any) -> Change:
    def change(pixels: NDArray[Any], file_name: str) -> NDArray[Any]:
        if pixels.ndim != 3:
            raise DataError(f"{file_name}: one channel, no sequence can be replaced")
        return replace_sequence(pixels, missing)

    return change


def _key(run: Run, bundles: Mapping[str, Bundle], table: pd.DataFrame) -> str:
    """Return a digest of all that the scores depend on."""
    content = {
        "artifacts": ARTIFACTS_VERSION,
        "manifest": run.manifest.digest,
        "slices": table[[*_KEYS, "fold"]].to_csv(index=False),
        "bundles": {
            name: {
                "files": bundle.card.files,
                "preprocess": bundle.card.preprocess.model_dump(mode="json"),
                "calibration": bundle.card.calibration.model_dump(mode="json"),
            }
            for name, bundle in bundles.items()
        },
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


def _score(
    run: Run,
    table: pd.DataFrame,
    predictors: Mapping[str, Predictor],
    missing: Sequence[tuple[Corruption, Path]],
) -> Iterator[int]:
    """Score and keep one corruption after the other; yield once for each slice."""
    rows = manifest_rows(run.manifest, table)
    folds = table["fold"].to_numpy(dtype=str)
    for corruption, path in missing:
        scores = np.full(len(rows), np.nan)
        blank = np.zeros(len(rows), dtype=bool)
        for name in dict.fromkeys(folds):
            places = np.flatnonzero(folds == name)
            for start in range(0, len(places), CHUNK):
                chunk = places[start : start + CHUNK]
                prepare = partial(_prepare, run, corruption, predictors[name])
                pixels = np.stack([prepare(int(row)) for row in rows[chunk]])
                scores[chunk] = (
                    predictors[name].score_prepared(pixels).tumor_probability
                )
                blank[chunk] = ~pixels.any(axis=(1, 2, 3))
                yield from range(len(chunk))
        columns = {_SCORE: scores, _BLANK: blank}
        _write(path, table[_KEYS].assign(**columns))


def _prepare(
    run: Run, corruption: Corruption, predictor: Predictor, row: int
) -> NDArray[np.uint8]:
    """Return what the network sees; zeros where the corruption left nothing."""
    image, spec = run.manifest.image_path(row), predictor.card.preprocess
    pixels = read_image(image)
    try:
        changed = corruption.change(pixels, PurePosixPath(image).name)
        if not changed.any():
            return np.zeros((spec.size_px, spec.size_px, CHANNELS), dtype=np.uint8)
        return prepare_slice(changed, spec).pixels
    except DataError as error:
        raise DataError(f"{image}: after {corruption.name}: {error}") from error


def _write(path: Path, table: pd.DataFrame) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    table.to_parquet(unfinished, index=False)
    unfinished.replace(path)


def _read(path: Path, table: pd.DataFrame, corruption: Corruption) -> CorruptedScores:
    kept = read_slice_table(path, [*_KEYS, _SCORE, _BLANK])
    if kept["image"].tolist() != table["image"].tolist():
        raise DataError(f"{path}: holds other slices; delete it and run again")
    return CorruptedScores(
        name=corruption.name,
        severity=corruption.severity,
        probabilities=kept[_SCORE].to_numpy(dtype=np.float64),
        n_blank=int(kept[_BLANK].sum()),
    )
