"""Metrics against hand-computed numbers and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from tumorscope.estimation.metrics import (
    auroc,
    average_precision,
    cumulative_counts,
    probability_terms,
    rank_slices,
    ratios,
    threshold_terms,
    within_patient_terms,
)


def _rank_metrics(labels, scores, weights=None, strata=None):
    ranking = rank_slices(labels, scores, strata)
    weights = np.ones((1, len(labels))) if weights is None else np.atleast_2d(weights)
    tumor, free = cumulative_counts(ranking, weights[:, ranking.rows])
    return auroc(ranking, tumor, free), average_precision(tumor, free)


def _ratio(terms, weights=None):
    weights = np.ones(len(terms.numerator)) if weights is None else weights
    values = ratios(weights @ terms.numerator, weights @ terms.denominator)
    return dict(zip(terms.names, values, strict=True))


def _random_slices(seed, slices=200, levels=12):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, slices)
    scores = np.clip(np.round(rng.normal(labels * 2 + 5, 2)), 0, levels) / levels
    return labels, scores, rng.integers(0, 4, slices).astype(float)


def test_auroc_counts_tied_pairs_half():
    """Of four pairs one is in order, one is tied and two are reversed: 1.5 / 4."""
    area, _ = _rank_metrics(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.4, 0.95]))

    assert area == pytest.approx([1.5 / 4])


def test_average_precision_takes_tied_slices_together():
    """Levels 0.9 (1 of 1) and 0.5 (2 of 3): 1/2 * 1 + 1/2 * 2/3 = 5/6."""
    _, precision = _rank_metrics(np.array([1, 1, 0]), np.array([0.9, 0.5, 0.5]))

    assert precision == pytest.approx([5 / 6])


@pytest.mark.parametrize("seed", range(5))
def test_rank_metrics_agree_with_scikit_learn_for_ties_and_weights(seed):
    """Repeating a slice w times is the same as scikit-learn's weight w."""
    labels, scores, weights = _random_slices(seed)

    area, precision = _rank_metrics(
        labels, scores, np.stack([np.ones_like(weights), weights])
    )

    for row, sample_weight in enumerate((None, weights)):
        assert area[row] == pytest.approx(
            sklearn_metrics.roc_auc_score(labels, scores, sample_weight=sample_weight)
        )
        assert precision[row] == pytest.approx(
            sklearn_metrics.average_precision_score(
                labels, scores, sample_weight=sample_weight
            )
        )


@pytest.mark.parametrize("label", [0, 1])
def test_rank_metrics_of_one_class_are_undefined(label):
    """A set of one class has no AUROC and no average precision."""
    area, precision = _rank_metrics(np.full(3, label), np.array([0.1, 0.2, 0.3]))

    assert np.isnan(area).all()
    assert np.isnan(precision).all()


def test_stratified_auroc_is_the_mean_weighted_by_pairs():
    """Strata of AUROC 1 with 2 pairs and 0 with 1 pair give 2/3; -1 is left out."""
    labels = np.array([1, 0, 0, 1, 0, 1])
    scores = np.array([0.9, 0.1, 0.2, 0.3, 0.8, 0.0])
    strata = np.array([0, 0, 0, 4, 4, -1])

    area, _ = _rank_metrics(labels, scores, strata=strata)

    assert area == pytest.approx([2 / 3])


@pytest.mark.parametrize("seed", range(3))
def test_ratios_agree_with_scikit_learn(seed):
    """Every ratio metric equals scikit-learn's weighted one."""
    labels, scores, weights = _random_slices(seed)
    above = scores > 0.5
    scores = np.clip(scores, 0.01, 0.99)

    found = _ratio(threshold_terms(labels, above), weights)
    found |= _ratio(probability_terms(labels, scores), weights)

    options = {"sample_weight": weights}
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(labels, above, **options),
        "precision": sklearn_metrics.precision_score(labels, above, **options),
        "recall": sklearn_metrics.recall_score(labels, above, **options),
        "f1": sklearn_metrics.f1_score(labels, above, **options),
        "specificity": sklearn_metrics.recall_score(1 - labels, ~above, **options),
        "npv": sklearn_metrics.precision_score(1 - labels, ~above, **options),
        "brier": sklearn_metrics.brier_score_loss(labels, scores, **options),
        "log_loss": sklearn_metrics.log_loss(labels, scores, **options),
    }
    assert found == pytest.approx(expected)


def test_ratio_without_denominator_is_undefined():
    """Nothing above the threshold: no precision, while recall is 0."""
    found = _ratio(threshold_terms(np.array([1, 0]), np.array([False, False])))

    assert np.isnan(found["precision"])
    assert found["recall"] == 0
    assert found["npv"] == 0.5


def test_certain_and_wrong_costs_a_finite_log_loss():
    """Probabilities of exactly 0 and 1 are clipped, so that the loss stays finite."""
    found = _ratio(probability_terms(np.array([1, 0]), np.array([0.0, 1.0])))

    assert found["brier"] == 1
    assert 36 < found["log_loss"] < 37


def test_within_patient_auroc_is_the_mean_over_patients_with_both_classes():
    """Patient a has 0.75 (one tie), b has 0, c has one class: the mean is 0.375."""
    labels = np.array([1, 0, 0, 1, 0, 1, 1])
    scores = np.array([0.5, 0.5, 0.1, 0.2, 0.9, 0.3, 0.4])
    patients = pd.Series(list("aaabbcc"))

    terms = within_patient_terms(labels, scores, patients)

    assert _ratio(terms)["within_patient_auroc"] == pytest.approx(0.375)
    assert (terms.denominator[:, 0] > 0).tolist() == [True] * 5 + [False] * 2
