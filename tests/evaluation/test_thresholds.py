"""Thresholds that are fixed on the tuning part."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.predictions import PREDICTION_COLUMNS, Predictions
from tumorscope.evaluation.thresholds import (
    threshold_at_specificity,
    with_tuned_thresholds,
)


def test_threshold_leaves_exactly_the_allowed_share_above():
    """Of ten tumour-free slices one may lie above: the second highest score."""
    free = np.arange(10) / 10
    labels = np.array([0] * 10 + [1])
    scores = np.append(free, 0.95)

    threshold = threshold_at_specificity(labels, scores, target_specificity=0.9)

    assert threshold == 0.8
    assert (free > threshold).sum() == 1


def test_tied_scores_never_miss_the_target():
    """Three slices tie at the top: none may be above, so the tie is the threshold."""
    scores = np.array([0.1] * 17 + [0.7] * 3)

    assert threshold_at_specificity(
        np.zeros(20, dtype=int), scores, target_specificity=0.95
    ) == pytest.approx(0.7)


@pytest.mark.parametrize("target", [0.05, 0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("seed", range(3))
def test_threshold_is_the_smallest_that_meets_the_target(target, seed):
    """The target holds at the threshold and fails just below it."""
    scores = np.round(np.random.default_rng(seed).random(40), 1)
    labels = np.zeros(40, dtype=int)

    threshold = threshold_at_specificity(labels, scores, target_specificity=target)

    allowed = 1 - target + 1e-9
    assert (scores > threshold).mean() <= allowed
    assert (scores > np.nextafter(threshold, -1)).mean() > allowed


def test_one_tumor_free_slice_is_the_threshold():
    """With a single tumour-free slice its own score is the threshold."""
    assert (
        threshold_at_specificity(
            np.array([0, 1]), np.array([0.3, 0.2]), target_specificity=0.95
        )
        == 0.3
    )


def test_tuning_part_without_tumor_free_slices_is_an_error():
    """No specificity without tumour-free slices."""
    with pytest.raises(
        DataError, match="none of the 2 tuning slices is free of tumour"
    ):
        threshold_at_specificity(
            np.array([1, 1]), np.array([0.3, 0.2]), target_specificity=0.95
        )


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_target_outside_the_open_interval_is_an_error(target):
    """A specificity of 0 or 1 is no operating point."""
    with pytest.raises(ConfigError, match="inside"):
        threshold_at_specificity(
            np.array([0]), np.array([0.3]), target_specificity=target
        )


def _predictions(rows):
    table = pd.DataFrame(rows, columns=["fold", "part", "label", "tumor_probability"])
    for name in PREDICTION_COLUMNS:
        if name not in table:
            table[name] = None
    return Predictions(table=table)


def test_every_fold_gets_the_threshold_of_its_own_tuning_part():
    """Test rows carry their fold's threshold; test scores do not move it."""
    predictions = _predictions(
        [
            ("a", "tune", 0, 0.2),
            ("a", "test", 0, 0.9),
            ("b", "tune", 0, 0.6),
            ("b", "tune", 1, 0.9),
            ("b", "test", 1, 0.1),
        ]
    )

    tuned = with_tuned_thresholds(predictions, target_specificity=0.95)

    assert tuned.table["threshold_probability"].tolist() == [0.2, 0.2, 0.6, 0.6, 0.6]
    assert predictions.table["threshold_probability"].isna().all()


def test_fold_without_tuning_slices_is_named():
    """The error says which fold lacks tumour-free tuning slices."""
    with pytest.raises(DataError, match="fold 'b'"):
        with_tuned_thresholds(
            _predictions([("b", "test", 0, 0.2)]), target_specificity=0.95
        )
