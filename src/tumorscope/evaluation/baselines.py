"""Simple methods that any reported figure has to be compared with.

Their hyper-parameters are fixed and were never tuned. What they reach says how much of a
result needs no network: slice position alone finds much of the tumour slices of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tumorscope.domain.errors import DataError
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.comparison import BaselineScores

PRINCIPAL_COMPONENTS = 64
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineMethod:
    """One simple method: what it reads and what it fits.

    Attributes:
        name: Name in reports.
        description: What the method looks at, in a line.
        read: Takes the features of all slices to a matrix of shape (slices, columns).
        make_model: Takes the shape of the training matrix and a seed to an unfitted
            classifier with `fit` and `predict_proba`.
        needs_position: Whether every slice must have a known position.
    """

    name: str
    description: str
    read: Callable[[BaselineFeatures], NDArray[Any]]
    make_model: Callable[[tuple[int, int], int], Any]
    needs_position: bool = False


def _position(features: BaselineFeatures) -> NDArray[np.float64]:
    return features.position[:, None]


def _intensity_and_position(features: BaselineFeatures) -> NDArray[np.float64]:
    return np.hstack([features.intensity, _position(features)])


def _hand_and_position(features: BaselineFeatures) -> NDArray[np.float64]:
    return np.hstack([features.hand, _position(features)])


def _hand_position_neighbors(features: BaselineFeatures) -> NDArray[np.float64]:
    return np.hstack([_hand_and_position(features), features.neighbors])


def _cubic_logistic(_shape: tuple[int, int], _seed: int) -> Any:
    polynomial = PolynomialFeatures(degree=3, include_bias=False)
    return make_pipeline(polynomial, StandardScaler(), LogisticRegression())


def _small_boosting(_shape: tuple[int, int], seed: int) -> Any:
    return HistGradientBoostingClassifier(max_depth=4, max_iter=150, random_state=seed)


def _boosting(_shape: tuple[int, int], seed: int) -> Any:
    return HistGradientBoostingClassifier(
        max_depth=4,
        max_iter=200,
        learning_rate=0.06,
        l2_regularization=1,
        random_state=seed,
    )


def _pca_logistic(shape: tuple[int, int], seed: int) -> Any:
    components = min(PRINCIPAL_COMPONENTS, *shape)
    pca = PCA(components, random_state=seed)
    logistic = LogisticRegression(C=0.1, max_iter=2000)
    return make_pipeline(pca, StandardScaler(), logistic)


def _nearest_neighbor(_shape: tuple[int, int], _seed: int) -> Any:
    return KNeighborsClassifier(n_neighbors=1)


BASELINES: tuple[BaselineMethod, ...] = (
    BaselineMethod(
        name="position",
        description="slice position alone, cubic logistic regression",
        read=_position,
        make_model=_cubic_logistic,
        needs_position=True,
    ),
    BaselineMethod(
        name="nearest_neighbor",
        description="label of the most similar training slice at 32 x 32 pixels",
        read=lambda features: features.pixels,
        make_model=_nearest_neighbor,
    ),
    BaselineMethod(
        name="pixels_pca",
        description="64 principal components of 32 x 32 pixels, logistic regression",
        read=lambda features: features.pixels,
        make_model=_pca_logistic,
    ),
    BaselineMethod(
        name="intensity",
        description="global intensity statistics, boosted trees",
        read=lambda features: features.intensity,
        make_model=_small_boosting,
    ),
    BaselineMethod(
        name="intensity_position",
        description="global intensity statistics and slice position, boosted trees",
        read=_intensity_and_position,
        make_model=_small_boosting,
        needs_position=True,
    ),
    BaselineMethod(
        name="hand",
        description="bright tails, left-right asymmetry and blobs, boosted trees",
        read=lambda features: features.hand,
        make_model=_boosting,
    ),
    BaselineMethod(
        name="hand_position",
        description="the same and slice position, boosted trees",
        read=_hand_and_position,
        make_model=_boosting,
        needs_position=True,
    ),
    BaselineMethod(
        name="hand_position_neighbors",
        description="the same and both neighbor slices, boosted trees",
        read=_hand_position_neighbors,
        make_model=_boosting,
        needs_position=True,
    ),
)


def score_baselines(
    features: BaselineFeatures,
    labels: NDArray[np.int64],
    folds: Sequence[Fold],
    *,
    methods: Sequence[BaselineMethod] = BASELINES,
    seed: int = 0,
) -> tuple[BaselineScores, ...]:
    """Fit each method on the training rows of each fold and score its test rows.

    Args:
        features: Features of all slices.
        labels: Shape (slices,), 0 or 1.
        folds: For each fold, its training rows (a method has nothing to tune, so the
            tuning rows may be among them) and its test rows. A slice is tested once.
        methods: The methods, in the order of the report.
        seed: Seed of those that draw at random.

    Returns:
        For each method the pooled scores of all slices, NaN where no fold tested one. A
        method whose input is unknown has a reason in place of scores.

    Raises:
        DataError: If a row is on both sides of a fold or tested twice, or a fold's
            training rows are of one class.
    """
    _check_folds(labels, folds)
    return tuple(
        _score_method(method, features, labels, folds, seed=seed) for method in methods
    )


def _score_method(
    method: BaselineMethod,
    features: BaselineFeatures,
    labels: NDArray[np.int64],
    folds: Sequence[Fold],
    *,
    seed: int,
) -> BaselineScores:
    scores = np.full(len(labels), np.nan)
    matrix = method.read(features)
    reason = ""
    if method.needs_position and np.isnan(features.position).any():
        reason = "no `slice_index` and `slice_count`"
    elif not all(_known_columns(matrix[train]).any() for train, _ in folds):
        reason = "no feature is known in the training slices of a fold"
    else:
        for train, test in folds:
            known = matrix[:, _known_columns(matrix[train])]
            model = method.make_model(known[train].shape, seed)
            model.fit(known[train], labels[train])
            scores[test] = model.predict_proba(known[test])[:, 1]
    return BaselineScores(
        name=method.name, description=method.description, scores=scores, reason=reason
    )


def _known_columns(matrix: NDArray[Any]) -> NDArray[np.bool_]:
    # Boosted trees take missing values, but no column that is missing throughout.
    return np.asarray(np.isfinite(matrix).any(axis=0))


def _check_folds(labels: NDArray[np.int64], folds: Sequence[Fold]) -> None:
    for number, (train, test) in enumerate(folds):
        shared = np.intersect1d(train, test)
        if len(shared):
            raise DataError(
                f"fold {number}: {len(shared)} rows are trained on and tested: split again"
            )
        if len(np.unique(labels[train])) < 2:
            raise DataError(
                f"fold {number}: all {len(train)} training slices have one label, so "
                "that no baseline can be fitted; use more patients for training"
            )
    tested = np.concatenate([test for _, test in folds]) if folds else np.zeros(0)
    if not len(tested) or len(np.unique(tested)) != len(tested):
        raise DataError(
            f"{len(folds)} folds test {len(tested)} rows: each slice must be tested once"
        )
