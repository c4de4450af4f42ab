"""Which scored slices are evaluated."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import Predictions

PART_WORDS = {"test": "internal testing", "external": "external testing"}


def evaluated_rows(predictions: Predictions) -> pd.DataFrame:
    """Return the rows of part "test" or "external" with their row numbers as index.

    Args:
        predictions: Rows of any part.

    Returns:
        The rows that are evaluated, in their order.

    Raises:
        DataError: If both parts or neither are present, or a row of the part has no
            label or repeats a slice.
    """
    table = predictions.table
    parts = sorted(set(table["part"].dropna()) & set(PART_WORDS))
    if len(parts) != 1:
        raise DataError(
            f"predictions of exactly one of the parts {sorted(PART_WORDS)} can be "
            f"evaluated at a time, not of {parts}: score that part, or pass it alone"
        )
    table = table[table["part"] == parts[0]]
    unlabeled = int(table["label"].isna().sum())
    if unlabeled:
        raise DataError(
            f"{unlabeled} of {len(table)} {parts[0]} slices have no label: label them "
            "or leave them out of the evaluation"
        )
    repeated = table.duplicated(["image", "frame"])
    if repeated.any():
        raise DataError(
            f"{int(repeated.sum())} {parts[0]} slices are scored more than once (first: "
            f"{table.loc[repeated, 'image'].iat[0]}): average the folds' scores first"
        )
    return table


def labels_of(table: pd.DataFrame) -> NDArray[np.int64]:
    """Return the labels of evaluated slices, shape (slices,), 0 or 1."""
    return table["label"].to_numpy(dtype=np.int64)


def scores_of(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the tumor probabilities of slices, shape (slices,), in [0, 1]."""
    return table["tumor_probability"].to_numpy(dtype=np.float64)
