"""Thresholds that are fixed on the tuning part and never on the test part."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.predictions import Predictions


def threshold_at_specificity(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    *,
    target_specificity: float,
) -> float:
    """Return the smallest threshold with at least the target specificity.

    This is the smallest t at which the share of tumour-free slices with a probability
    strictly above t is at most 1 - target. It is the score of a tumour-free slice. Any
    smaller threshold would miss the target; any larger one could only lose sensitivity.

    Args:
        labels: Shape (slices,), 0 or 1, of the tuning part.
        probabilities: Shape (slices,), in [0, 1].
        target_specificity: In (0, 1).

    Returns:
        The threshold, in [0, 1]; a slice is positive if its probability is above it.

    Raises:
        DataError: If no slice is free of tumour.
        ConfigError: If the target is outside (0, 1).
    """
    if not 0 < target_specificity < 1:
        raise ConfigError(
            f"target_specificity is {target_specificity:g}: choose it inside (0, 1)"
        )
    free = np.sort(probabilities[labels == 0])
    if free.size == 0:
        raise DataError(
            f"none of the {len(labels)} tuning slices is free of tumour: a threshold "
            "for a specificity needs some; split again with a larger tune_share"
        )
    # The small term keeps (1 - 0.9) * 10 from falling below 1 by rounding.
    allowed = math.floor((1 - target_specificity) * free.size + 1e-9)
    return float(free[free.size - 1 - min(allowed, free.size - 1)])


def with_tuned_thresholds(
    predictions: Predictions, *, target_specificity: float
) -> Predictions:
    """Give every row the threshold that its own fold's tuning part fixes.

    Args:
        predictions: Rows of the parts "tune" and "test", of one or more folds.
        target_specificity: In (0, 1).

    Returns:
        The same rows with `threshold_probability` filled. The input is left unchanged.

    Raises:
        DataError: If a fold has no tuning slice that is free of tumour.
    """
    table = predictions.table.copy()
    for fold in table["fold"].unique():
        in_fold = table["fold"] == fold
        tune = table[in_fold & (table["part"] == "tune") & table["label"].notna()]
        try:
            threshold = threshold_at_specificity(
                tune["label"].to_numpy(dtype=np.int64),
                tune["tumor_probability"].to_numpy(dtype=np.float64),
                target_specificity=target_specificity,
            )
        except DataError as error:
            raise DataError(f"fold {fold!r}: {error}") from error
        table.loc[in_fold, "threshold_probability"] = threshold
    return Predictions(table=table)
