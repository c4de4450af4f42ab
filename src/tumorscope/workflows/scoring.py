"""Scores the slices of a run or of a set that the model never saw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import BundleError, DataError, LeakageError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import PREDICTION_COLUMNS, Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.inference.predictor import Predictor, Scores
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.io.artifacts import split_digest
from tumorscope.io.bundle import Bundle, read_bundle
from tumorscope.workflows.gate import open_gate
from tumorscope.workflows.run_folder import SPLIT, Run
from tumorscope.workflows.train import DIGEST_DIGITS, digest_of_owner

MAX_SHOWN = 10


def open_predictor(bundle: Bundle) -> Predictor:
    """Return the predictor of a bundle, run by torch: the figures of a card are its."""
    return Predictor(bundle.card, TorchEngine(bundle.weights), open_gate(bundle))


def open_fold_bundle(run: Run, fold: int) -> Bundle:
    """Read the bundle of a fold and refuse one that was trained on another split.

    Raises:
        BundleError: If there is none, or it is damaged.
        LeakageError: If the bundle's training slices are not those of the run's split.
    """
    bundle = read_bundle(run.bundle_folder(fold))
    data = bundle.card.data
    if (data.manifest_digest, data.split_digest) != (
        run.manifest.digest,
        split_digest(run.folder / SPLIT),
    ):
        raise LeakageError(
            f"{bundle.folder}: was trained on another split than {run.folder / SPLIT}: "
            "test slices may have been seen; prepare and train a new run"
        )
    if data.fold != run.split.fold_names[fold]:
        raise BundleError(
            f"{bundle.folder}: belongs to fold {data.fold!r}, not to "
            f"{run.split.fold_names[fold]!r}"
        )
    test = run.split.rows("test", fold)
    refuse_seen(bundle, run.manifest, run.owners(), rows=test)
    return bundle


def refuse_seen(
    bundle: Bundle,
    manifest: Manifest,
    owners: NDArray[np.object_],
    *,
    rows: NDArray[np.int64],
) -> None:
    """Refuse to judge a model on slices or patients that it was trained or tuned on.

    Pixels are compared only between sets: two patients of one cohort may share a blank
    slice, and a group of near-duplicates already stays on one side. Names of
    near-duplicate groups mean nothing outside their set, patient ids do.

    Args:
        bundle: Whose training data.
        manifest: The set to judge it on.
        owners: Shape (slices,), patient or group of each slice of the set.
        rows: Rows of the manifest to be judged on.

    Raises:
        LeakageError: With the first names.
    """
    data = bundle.card.data
    table = manifest.table.iloc[rows]
    is_same_set = data.manifest_digest == manifest.digest
    if is_same_set or (data.grouping == "patient" and manifest.has_patients):
        seen_owners = set(data.seen_owner_digests)
        known = [digest_of_owner(str(owner)) in seen_owners for owner in owners[rows]]
        _refuse(
            table["image"][known],
            f"slices of patients that {bundle.folder} was trained or tuned on",
            "remove these patients; if another hospital uses the same ids for other "
            "people, give its ids a prefix and import it again",
        )
    if not is_same_set:
        seen_pixels = set(data.seen_pixel_digests)
        same = table["pixel_digest"].str[:DIGEST_DIGITS].isin(seen_pixels)
        _refuse(
            table["image"][same],
            f"slices with the very pixels that {bundle.folder} was trained or tuned on",
            "remove these slices and their patients",
        )


def _refuse(images: pd.Series[str], what: str, remedy: str) -> None:
    if len(images):
        first = ", ".join(images.iloc[:MAX_SHOWN])
        raise LeakageError(f"{len(images)} {what} (first: {first}): {remedy}")


def score_run(
    run: Run, *, progress: Progress = silent
) -> tuple[Predictions, list[Bundle]]:
    """Score the tuning and test slices of every fold with that fold's bundle.

    Args:
        run: A trained run.
        progress: Shows how far the scoring got.

    Returns:
        Predictions of all folds, and their bundles.

    Raises:
        LeakageError: If a bundle saw what it would be tested on.
    """
    bundles = [open_fold_bundle(run, fold) for fold in range(len(run.split.fold_names))]
    store = run.store(progress)
    tables = []
    for fold, bundle in enumerate(bundles):
        part = run.split.part[:, fold]
        rows = np.flatnonzero(part != "train")
        predictor = open_predictor(bundle)
        scores = predictor.score_prepared(store.pixels[rows], progress=progress)
        tables.append(
            predictions_table(
                run.manifest,
                scores,
                rows=rows,
                extra={
                    "group": run.owners()[rows],
                    "fold": bundle.card.data.fold,
                    "part": part[rows],
                    "threshold_probability": predictor.threshold_probability,
                },
            )
        )
    return Predictions(table=pd.concat(tables, ignore_index=True)), bundles


def predictions_table(
    manifest: Manifest,
    scores: Scores,
    *,
    rows: NDArray[np.int64],
    extra: dict[str, Any],
) -> pd.DataFrame:
    """Put scores beside what the manifest knows of the slices.

    Args:
        manifest: The cohort.
        scores: Scores of `rows`, in their order.
        rows: Rows of the manifest.
        extra: `group`, `fold`, `part` and `threshold_probability`.

    Returns:
        Columns of `PREDICTION_COLUMNS`.
    """
    shared = [name for name in PREDICTION_COLUMNS if name in manifest.table.columns]
    table = manifest.table.iloc[rows][shared].reset_index(drop=True)
    columns = extra | {
        "logit": scores.logit,
        "tumor_probability": scores.tumor_probability,
    }
    return table.assign(**columns)[list(PREDICTION_COLUMNS)]


def manifest_rows(manifest: Manifest, table: pd.DataFrame) -> NDArray[np.int64]:
    """Return the row of the manifest of each row of a table of predictions.

    Raises:
        DataError: If the table holds slices that the manifest does not know.
    """
    keys = ["image", "frame"]
    numbered = manifest.table[keys].assign(row=np.arange(len(manifest)))
    found = table[keys].merge(numbered, on=keys, how="left")["row"]
    if found.isna().any():
        raise DataError("predictions hold slices that the manifest does not know")
    return found.to_numpy(dtype=np.int64)
