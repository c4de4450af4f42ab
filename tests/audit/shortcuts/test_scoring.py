"""Scores of a probe for many labelings at once."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tumorscope.audit.shortcuts.scoring import (
    RIDGE,
    auroc_columns,
    cubic_logistic_scorer,
    linear_scorer,
)

ROWS = np.arange(60)
FOLDS = [(ROWS[fold != ROWS % 3], ROWS[fold == ROWS % 3]) for fold in range(3)]


def _targets(rng, labelings=4):
    return (rng.random((60, labelings)) < 0.4).astype(np.int8)


def test_linear_scores_are_those_of_ridge_regression():
    """Each labeling gets what scikit-learn gives it alone, without the intercept."""
    rng = np.random.default_rng(0)
    matrix, targets = rng.normal(size=(60, 5)), _targets(rng)

    scores = linear_scorer(matrix, FOLDS)(targets)

    train, test = FOLDS[1]
    ridge = Ridge(alpha=RIDGE * len(train)).fit(matrix[train], targets[train, 2])
    expected = ridge.predict(matrix[test]) - targets[train, 2].mean()
    np.testing.assert_allclose(scores[test, 2], expected, atol=1e-8)


def test_no_columns_give_equal_scores():
    """A probe that sees nothing ranks nothing."""
    targets = _targets(np.random.default_rng(0))

    scores = linear_scorer(np.zeros((60, 0)), FOLDS)(targets)

    np.testing.assert_array_equal(auroc_columns(scores, targets), 0.5)


def test_position_scores_are_those_of_cubic_logistic_regression():
    """The definition is met: cubic polynomial, standardized, logistic regression."""
    rng = np.random.default_rng(1)
    height, targets = rng.random((60, 1)), _targets(rng)

    scores = cubic_logistic_scorer(height, FOLDS)(targets)

    train, test = FOLDS[0]
    model = make_pipeline(
        PolynomialFeatures(3, include_bias=False),
        StandardScaler(),
        LogisticRegression(tol=1e-10, max_iter=1000),
    ).fit(height[train], targets[train, 3])
    expected = model.predict_proba(height[test])[:, 1]
    np.testing.assert_allclose(scores[test, 3], expected, atol=1e-5)


def test_a_training_part_of_one_class_scores_one_half():
    """What cannot be fitted is not guessed; other labelings are not touched."""
    targets = _targets(np.random.default_rng(2))
    targets[FOLDS[0][0], 0] = 0
    height = np.linspace(0, 1, 60)[:, None]

    scores = cubic_logistic_scorer(height, FOLDS)(targets)

    np.testing.assert_array_equal(scores[FOLDS[0][1], 0], 0.5)
    assert np.ptp(scores[FOLDS[0][1], 1]) > 0


def test_auroc_counts_ties_half():
    """Many columns at once give what scikit-learn gives one by one."""
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 5, (60, 4)).astype(float)
    targets = _targets(rng)

    found = auroc_columns(scores, targets)

    expected = [roc_auc_score(targets[:, one], scores[:, one]) for one in range(4)]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("label", [0, 1])
def test_auroc_of_one_class_is_missing(label):
    """Without both classes there is no AUROC."""
    targets = np.full((5, 1), label)

    assert np.isnan(auroc_columns(np.arange(5.0)[:, None], targets)).all()
