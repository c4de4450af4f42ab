"""An evaluation and everything that a page tells beside it."""

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.card import OperatingThreshold
from tumorscope.domain.run_record import LeftOut
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison import BaselineScores, compare_baselines
from tumorscope.evaluation.rendering import (
    DataPart,
    LocalizationRow,
    Picture,
    ReportContext,
    TrainingEpoch,
)
from tumorscope.evaluation.report import evaluate_predictions

SPEC = EvaluateSpec(bootstrap_draws=100, gallery_size=2)


@pytest.fixture
def evaluate(simulate):
    """Return a maker of reports; keywords as of `simulate`, and grouping."""

    def make(*, grouping="patient", **columns):
        return evaluate_predictions(simulate(**columns), SPEC, grouping=grouping)

    return make


@pytest.fixture
def report(simulate, evaluate):
    """Return a report with two folds, two sites and a baseline."""
    predictions = simulate()
    position = BaselineScores(
        name="position",
        description="height of the slice",
        scores=-np.abs(predictions.table["slice_index"].to_numpy(float) - 5.5),
    )
    results = compare_baselines(predictions, [position], SPEC, grouping="patient")
    return replace(evaluate(), baselines=results)


@pytest.fixture
def minimal():
    """Return the least that a page needs to be told."""
    return ReportContext(
        run_name="run",
        version="0.1.0",
        created="2026-01-02T03:04:05+00:00",
        source="folder",
        manifest_digest="ab" * 32,
    )


@pytest.fixture
def context(minimal, report, png, estimate):
    """Return everything that a page can be told."""
    errors = (*report.worst_false_positives, *report.worst_false_negatives)
    epochs = tuple(
        TrainingEpoch(
            epoch=epoch,
            train_loss=0.7 / epoch,
            tune_loss=0.8 / epoch,
            tune_auroc=0.9 - 0.01 * (epoch - 2) ** 2,
            learning_rate=1e-3,
        )
        for epoch in (1, 2, 3)
    )
    threshold = OperatingThreshold(
        threshold_probability=0.4,
        target_specificity=0.95,
        tune_slices=80,
        tune_patients=40,
    )
    return replace(
        minimal,
        parts=tuple(
            DataPart(fold="fold-0", part=part, n_slices=9, n_tumor_slices=3, n_groups=2)
            for part in ("train", "tune", "test")
        ),
        notes=("Every patient of this set has a tumor.",),
        warnings=("Two epochs only.",),
        left_out=(LeftOut(image="broken.png", reason="truncated"),),
        thresholds={"fold-0": threshold, "fold-1": threshold},
        recipe={"recipe": "seed"},
        environment={"device": "cpu"},
        history={"fold-0": epochs, "fold-1": epochs[:1]},
        pictures={error.row: png for error in errors},
        overlays=(Picture(caption="cam of a slice", content=png),),
        localization=(
            LocalizationRow(
                method="grad_cam",
                is_trivial=False,
                rule="above 0.3",
                pointing=estimate(0.41),
                dice=estimate(0.31, name="dice"),
            ),
            LocalizationRow(
                method="center",
                is_trivial=True,
                rule="top 12 %",
                pointing=estimate(0.52),
                dice=estimate(0, name="dice", reason="no mask"),
            ),
        ),
    )
