"""Correction of p-values for their number.

References:
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian
    Journal of Statistics 6:65-70.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number, step by step from the smallest.

    Args:
        p_values: In [0, 1]; NaN is no test and does not count.

    Returns:
        Corrected p-values in the same order, at most 1; NaN stays NaN.
    """
    values = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected = np.full(len(values), np.nan)
    corrected[order] = np.minimum(1, np.maximum.accumulate(values[order] * factors))
    return [float(each) for each in corrected]
