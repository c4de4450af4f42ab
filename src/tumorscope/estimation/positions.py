"""Where slices lie in the head: the score must beat what their height alone tells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

POSITION_BINS = 10
POSITION_MINIMUM = 5


def position_strata(
    labels: NDArray[np.int64], slice_index: pd.Series, slice_count: pd.Series
) -> NDArray[np.int64]:
    """Put slices of like height into strata, for the position-matched AUROC.

    The position is slice_index / (slice_count - 1), in ten right-closed bins with the
    edges linspace(-0.001, 1, 11); a bin enters with more than 5 slices of each class.

    Args:
        labels: Shape (slices,), 0 or 1.
        slice_index: Shape (slices,), from 0; missing where unknown.
        slice_count: Shape (slices,), slices in the series; missing where unknown.

    Returns:
        Shape (slices,), int64, bin from 0 to 9, or -1 where the slice does not enter.
    """
    last = slice_count.to_numpy(dtype=np.float64, na_value=np.nan) - 1
    index = slice_index.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(index) & (last > 0)
    position = index[known] / last[known]
    edges = np.linspace(-0.001, 1, POSITION_BINS + 1)
    stratum = np.full(len(labels), -1, dtype=np.int64)
    stratum[known] = np.searchsorted(edges[1:-1], position, side="left")
    for number in range(POSITION_BINS):
        inside = stratum == number
        tumor = int(labels[inside].sum())
        if min(tumor, int(inside.sum()) - tumor) <= POSITION_MINIMUM:
            stratum[inside] = -1
    return stratum


def boundary_slices(
    labels: NDArray[np.int64], patients: pd.Series, slice_index: pd.Series
) -> NDArray[np.bool_]:
    """Mark slices whose previous or next slice of the patient has another label.

    Args:
        labels: Shape (slices,), 0 or 1.
        patients: Shape (slices,), patient ids, none missing.
        slice_index: Shape (slices,), rank along the head, none missing, unique within a
            patient.

    Returns:
        Shape (slices,), bool. Only slices with neighbouring ranks are compared.
    """
    code, _ = pd.factorize(patients)
    index = slice_index.to_numpy(dtype=np.int64)
    order = np.lexsort((index, code))
    neighbors = (np.diff(code[order]) == 0) & (np.diff(index[order]) == 1)
    change = neighbors & (np.diff(labels[order]) != 0)
    marked = np.zeros(len(labels), dtype=bool)
    marked[order[:-1][change]] = True
    marked[order[1:][change]] = True
    return marked
