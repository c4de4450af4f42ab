"""Out-of-fold scores of a probe, for many labelings at once.

A permutation test fits the probe hundreds of times. A ridge regression of the label has
the same left-hand side for every labeling, so that a thousand of them cost little more
than one; on 0/1 labels it ranks like linear discriminant analysis.

References:
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, sections
    3.4.1 (ridge) and 4.2 (regression of an indicator).
    Airola et al. (2011), An experimental comparison of cross-validation techniques for
    estimating the area under the ROC curve, Comput. Stat. Data Anal. 55:1828-1844: pooled
    scores are biased by the prevalence of each fold's training part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.special import expit
from scipy.stats import rankdata

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]
Scorer = Callable[[NDArray[Any]], NDArray[np.float64]]
RIDGE = 0.5
"""Penalty, as a share of the training slices (columns have variance 1). Chosen on a phantom
with a frame around 30 % of its tumor slices, where p of the border falls from 0.009 (at 0.1)
to 0.0035 (at 0.5) and 0.002 (at 2), while a larger penalty weakens the masked picture."""
SMALLEST_SPREAD = 1e-12
MOST_STEPS, SMALLEST_STEP = 50, 1e-9
DECIMALS = 9
"""Scores are rounded, so that equal inputs tie whatever the order of summation."""


def linear_scorer(matrix: NDArray[np.float64], folds: Sequence[Fold]) -> Scorer:
    """Prepare a ridge regression in each fold.

    Args:
        matrix: Shape (slices, columns), scaled to variance 1; may have no columns.
        folds: Training and test rows; together the test rows are all rows.

    Returns:
        Takes targets of shape (slices, labelings), 0 or 1, to out-of-fold scores of the
        same shape. The mean score of each training part is taken away, so that folds can
        be pooled whatever their prevalence.
    """
    fits = [RidgeFit.of(matrix[train]) for train, _ in folds]

    def score(targets: NDArray[Any]) -> NDArray[np.float64]:
        scores = np.zeros(targets.shape)
        for fit, (train, test) in zip(fits, folds, strict=True):
            weights = fit.weights(matrix[train], targets[train])
            scores[test] = (matrix[test] - fit.center) @ weights
        return np.round(scores, DECIMALS)

    return score


@dataclass(frozen=True, slots=True, kw_only=True)
class RidgeFit:
    """The left-hand side of a ridge regression with an intercept.

    Attributes:
        center: Shape (columns,), means of the columns.
        factor: Cholesky factor of the penalized covariance, shape (columns, columns).
    """

    center: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def of(cls, matrix: NDArray[np.float64]) -> RidgeFit:
        """Factorize for inputs of shape (slices, columns)."""
        center = matrix.mean(axis=0)
        covariance = matrix.T @ matrix - len(matrix) * np.outer(center, center)
        penalty = RIDGE * len(matrix) * np.eye(matrix.shape[1])
        return cls(center=center, factor=np.linalg.cholesky(covariance + penalty))

    def weights(
        self, matrix: NDArray[np.float64], targets: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Return the weights, shape (columns, labelings).

        Args:
            matrix: The same inputs.
            targets: Shape (slices, labelings), 0 or 1.
        """
        moments = matrix.T @ targets.astype(np.float64)
        moments -= np.outer(self.center, targets.sum(axis=0, dtype=np.float64))
        if not len(self.center):
            return moments
        return np.asarray(cho_solve((self.factor, True), moments))


def cubic_logistic_scorer(matrix: NDArray[np.float64], folds: Sequence[Fold]) -> Scorer:
    """Prepare a logistic regression on position, its square and its cube in each fold.

    Args:
        matrix: Shape (slices, 1), position in [0, 1].
        folds: Training and test rows.

    Returns:
        Takes targets of shape (slices, labelings), 0 or 1, to out-of-fold probabilities
        of the same shape; 0.5 where a training part has one class.
    """
    powers = np.hstack([matrix, matrix**2, matrix**3])

    def score(targets: NDArray[Any]) -> NDArray[np.float64]:
        scores = np.full(targets.shape, 0.5)
        for train, test in folds:
            center, spread = powers[train].mean(axis=0), powers[train].std(axis=0)
            inputs = (powers - center) / np.maximum(spread, SMALLEST_SPREAD)
            both = np.ptp(targets[train], axis=0) > 0
            weights = fit_logistic(inputs[train], targets[train][:, both])
            fitted = expit(_with_intercept(inputs[test]) @ weights)
            scores[np.ix_(test, np.flatnonzero(both))] = fitted
        return np.round(scores, DECIMALS)

    return score


def fit_logistic(
    inputs: NDArray[np.float64], targets: NDArray[Any]
) -> NDArray[np.float64]:
    """Fit a logistic regression for each column of targets by Newton's method.

    Args:
        inputs: Shape (slices, columns), scaled.
        targets: Shape (slices, labelings), 0 or 1, both in every labeling.

    Returns:
        Shape (1 + columns, labelings), intercept first. The sum of the log losses plus
        half the squared weights, the intercept left out, is least: what scikit-learn's
        `LogisticRegression()` fits.

    References:
        Hastie, Tibshirani and Friedman (2009), section 4.4.1 (iteratively reweighted
        least squares).
    """
    known = _with_intercept(inputs)  # (slices, 1 + columns)
    width = known.shape[1]
    penalty = np.diag([0.0, *np.ones(width - 1)])
    products = (known[:, :, None] * known[:, None, :]).reshape(len(known), -1)
    weights = np.zeros((width, targets.shape[1]))
    for _ in range(MOST_STEPS):
        fitted = expit(known @ weights)
        slope = known.T @ (fitted - targets) + penalty @ weights
        curvature = (products.T @ (fitted * (1 - fitted))).T.reshape(-1, width, width)
        step = np.linalg.solve(curvature + penalty, slope.T[..., None])[..., 0].T
        weights -= step
        if not step.size or np.abs(step).max() < SMALLEST_STEP:
            break
    return weights


def _with_intercept(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([np.ones((len(inputs), 1)), inputs])


def auroc_columns(
    scores: NDArray[np.float64], targets: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the AUROC of each column, ties half.

    Args:
        scores: Shape (rows, labelings).
        targets: Shape (rows, labelings), 0 or 1.

    Returns:
        Shape (labelings,); NaN where a class is absent.

    References:
        Hanley and McNeil (1982), Radiology 143:29-36.
    """
    positive = targets.sum(axis=0, dtype=np.float64)
    pairs = positive * (len(targets) - positive)
    rank_sum = (rankdata(scores, axis=0) * targets).sum(axis=0)
    wins = rank_sum - positive * (positive + 1) / 2
    return np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
