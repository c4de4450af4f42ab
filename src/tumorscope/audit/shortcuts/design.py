"""Columns of any kind as the numeric matrix that a linear probe is fitted on.

A linear model of raw numbers cannot learn "neither large nor small". So each number also
enters as indicators of its fifths, and one with few values as one indicator for each: the
probe becomes an additive model that finds any cue that one column carries by itself. It
does not look for combinations of columns. Nothing here looks at labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MOST_LEVELS = 12
MOST_CATEGORIES = 30
PARTS = 5
SMALLEST_SPREAD = 1e-9
OTHER = "other"
MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The matrix of one probe.

    Attributes:
        matrix: Shape (slices, columns), float64, each column with mean 0 and variance 1
            over the cohort, or not scaled where a probe brings its own model.
        source: Shape (columns,), which of `names` each column was made from.
        names: What the probe was given, in words.
    """

    matrix: NDArray[np.float64]
    source: NDArray[np.int64]
    names: tuple[str, ...]

    def rows(self, rows: NDArray[np.int64]) -> Design:
        """Return the design of some slices; the scale is kept."""
        return Design(matrix=self.matrix[rows], source=self.source, names=self.names)


def encode_columns(frame: pd.DataFrame) -> Design:
    """Turn numbers and words into indicators and scaled numbers.

    Args:
        frame: A row for each slice. Numbers may be NaN, words may be missing: that is a
            level of its own, because what is missing tells something too.

    Returns:
        The design. Columns that do not vary are left out, so that it may be empty.
    """
    blocks, source = [np.empty((len(frame), 0))], []
    for number, name in enumerate(frame.columns):
        block = _encode(frame[name])
        blocks.append(block)
        source += [number] * block.shape[1]
    return _scaled(np.hstack(blocks), np.array(source, dtype=np.int64), frame.columns)


def encode_pixels(matrix: NDArray[Any], names: tuple[str, ...]) -> Design:
    """Turn small pictures into scaled columns, one for each pixel.

    Args:
        matrix: Shape (slices, pixels).
        names: One for each pixel.

    Returns:
        The design without pixels that do not vary.
    """
    return _scaled(matrix.astype(np.float64), np.arange(len(names)), names)


def _encode(column: pd.Series) -> NDArray[np.float64]:
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    if not is_number or column.nunique() <= MOST_LEVELS:
        return _indicators(column)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(values)
    filled = np.where(known, values, np.median(values[known]))
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
    part = np.where(known, np.searchsorted(edges, values, side="right"), -1)
    parts = part[:, None] == np.arange(
        -1, len(edges) + 1
    )  # (slices, parts and missing)
    return np.hstack([filled[:, None], parts.astype(np.float64)])


def _indicators(column: pd.Series) -> NDArray[np.float64]:
    words = column.astype(object).where(column.notna(), MISSING).astype(str)
    common = words.value_counts().index[:MOST_CATEGORIES]
    kept = words.where(words.isin(common), OTHER)
    return pd.get_dummies(kept).to_numpy(dtype=np.float64)


def _scaled(
    matrix: NDArray[np.float64], source: NDArray[np.int64], names: Any
) -> Design:
    spread = matrix.std(axis=0)
    varies = spread > SMALLEST_SPREAD
    centered = matrix[:, varies] - matrix[:, varies].mean(axis=0)
    return Design(
        matrix=centered / spread[varies], source=source[varies], names=tuple(names)
    )
