"""Plain arrays behind the plots."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tumorscope.evaluation.curves import (
    MAX_POINTS,
    ConfusionMatrix,
    bin_reliability,
    count_confusion,
    trace_curves,
)


def test_curves_run_through_hand_computed_points():
    """Scores 0.9 (tumour), 0.5 (both), 0.1 (free), from the highest down."""
    roc, precision_recall = trace_curves(
        np.array([0, 1, 1, 0]), np.array([0.5, 0.5, 0.9, 0.1])
    )

    assert roc.false_positive_rate.tolist() == [0, 0, 0.5, 1]
    assert roc.sensitivity.tolist() == [0, 0.5, 1, 1]
    assert roc.threshold_probability.tolist() == [np.inf, 0.9, 0.5, 0.1]
    assert precision_recall.precision.tolist() == pytest.approx([1, 1, 2 / 3, 0.5])
    assert precision_recall.recall.tolist() == [0, 0.5, 1, 1]
    assert precision_recall.prevalence == 0.5


def test_curves_agree_with_scikit_learn():
    """The same points as scikit-learn's curves without dropped ones."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    scores = np.round(rng.random(300), 2)

    roc, precision_recall = trace_curves(labels, scores)

    fpr, tpr, _ = sklearn_metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(roc.false_positive_rate, fpr)
    np.testing.assert_allclose(roc.sensitivity, tpr)
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(precision_recall.precision[::-1], precision)
    np.testing.assert_allclose(precision_recall.recall[::-1], recall)


def test_long_curves_are_thinned_and_keep_their_ends():
    """20,000 distinct scores give a bounded number of points from (0, 0) to (1, 1)."""
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 20_000), rng.random(20_000)

    roc, _ = trace_curves(labels, scores)

    points = np.stack([roc.false_positive_rate, roc.sensitivity])
    assert points.shape == (2, MAX_POINTS + 1)
    assert points[:, 0].tolist() == [0, 0]
    assert points[:, -1].tolist() == [1, 1]
    area = np.trapezoid(roc.sensitivity, roc.false_positive_rate)
    assert area == pytest.approx(
        sklearn_metrics.roc_auc_score(labels, scores), abs=1e-4
    )


def test_one_class_has_no_curves():
    """Without tumour-free slices there is nothing to trace."""
    assert trace_curves(np.array([1, 1]), np.array([0.1, 0.2])) is None


def test_equal_width_bins_hold_means_and_shares():
    """0, 0.1 and 0.2 fall into the first of five bins; empty bins are NaN."""
    bins = bin_reliability(
        np.array([0, 0, 1, 1]), np.array([0.0, 0.1, 0.2, 1.0]), "equal-width", bins=5
    )

    assert bins.n_slices.tolist() == [3, 0, 0, 0, 1]
    assert bins.mean_probability[[0, 4]] == pytest.approx([0.1, 1.0])
    assert bins.tumor_share[[0, 4]] == pytest.approx([1 / 3, 1.0])
    assert np.isnan(bins.tumor_share[1:4]).all()


def test_quantile_bins_hold_about_as_many_slices_each():
    """A hundred distinct scores in four bins of 25."""
    scores = np.random.default_rng(0).random(100)

    bins = bin_reliability(np.zeros(100, dtype=int), scores, "quantile", bins=4)

    assert bins.n_slices.tolist() == [25] * 4
    assert (np.diff(bins.edges) > 0).all()


def test_a_constant_score_is_one_quantile_bin():
    """All slices share one score: one bin, no warning."""
    bins = bin_reliability(np.array([0, 1]), np.array([0.4, 0.4]), "quantile")

    assert bins.n_slices.tolist() == [2]
    assert bins.tumor_share.tolist() == [0.5]


def test_confusion_counts_every_slice_once():
    """One of each kind, and a second miss."""
    found = count_confusion(
        np.array([1, 0, 0, 1, 1]), np.array([True, True, False, False, False])
    )

    assert found == ConfusionMatrix(
        true_positive=1, false_positive=1, true_negative=1, false_negative=2
    )
