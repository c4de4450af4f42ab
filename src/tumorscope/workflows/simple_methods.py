"""The simple methods beside the model: fitted and scored on the same split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.baseline_features import BaselineFeatures, baseline_features
from tumorscope.evaluation.baselines import score_baselines
from tumorscope.evaluation.report import EvaluationReport, beside_baselines
from tumorscope.io.images import read_image
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.scoring import manifest_rows


def with_baselines(
    report: EvaluationReport,
    run: Run,
    predictions: Predictions,
    *,
    progress: Progress = silent,
) -> EvaluationReport:
    """Fit the simple methods on training and tuning rows, score the test rows.

    Args:
        report: The report of the model.
        run: Whose split.
        predictions: What the model made of the test rows.
        progress: Shows how far the reading got.

    Returns:
        The report with the simple methods beside the model.

    Raises:
        DataError: If the predictions hold slices that the run does not know.
    """
    features = read_baseline_features(run.manifest, progress=progress)
    folds = [
        (
            np.flatnonzero(run.split.part[:, fold] != "test"),
            run.split.rows("test", fold),
        )
        for fold in range(len(run.split.fold_names))
    ]
    scored = score_baselines(features, run.manifest.labels, folds)
    tested = predictions.table[predictions.table["part"] == "test"]
    rows = manifest_rows(run.manifest, tested)
    tested_scores = [method.of_rows(rows) for method in scored]
    return beside_baselines(report, predictions, tested_scores)


def read_baseline_features(
    manifest: Manifest, *, progress: Progress = silent
) -> BaselineFeatures:
    """Read what the simple methods know of each slice, on the original pixels.

    Raises:
        UnreadableScanError: If a file cannot be used any more.
    """
    table = manifest.table

    def eight_bit(row: int) -> NDArray[np.uint8]:
        pixels = read_image(manifest.image_path(row))
        if pixels.dtype == np.uint16:
            share = pixels / max(1.0, float(pixels.max()))
            pixels = (share * 255).round().astype(np.uint8)
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)

    images = (eight_bit(row) for row in range(len(manifest)))
    return baseline_features(
        progress(images, total=len(manifest), label="simple methods"),
        series=table["series_id"].where(
            table["series_id"].notna(), table["patient_id"]
        ),
        slice_index=table["slice_index"],
        slice_count=table["slice_count"],
    )
