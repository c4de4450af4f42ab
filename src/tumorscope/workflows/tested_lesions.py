"""Sizes of the lesions that an evaluation looks at: tumor slices of the tested part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.evaluation.evaluated import PART_WORDS
from tumorscope.workflows.lesion_sizes import read_lesion_areas
from tumorscope.workflows.scoring import manifest_rows


def read_tested_areas(
    manifest: Manifest, predictions: Predictions, *, progress: Progress = silent
) -> NDArray[np.float64]:
    """Read how large the lesion of each tested tumor slice is.

    Only those masks are read that an evaluation looks at.

    Args:
        manifest: The cohort of the predictions.
        predictions: Scores of its slices.
        progress: Shows how far it got.

    Returns:
        Shape (rows of `predictions.table`,), float64, in pixels at 256 x 256; NaN for
        slices that are not tested, have no tumor or no mask.

    Raises:
        DataError: If the predictions hold slices that the manifest does not know.
        UnreadableScanError: If a mask cannot be decoded.
    """
    table = predictions.table
    wanted = table["part"].isin(PART_WORDS) & (table["label"] == 1).fillna(value=False)
    areas = np.full(len(table), np.nan)
    if wanted.any():
        rows = manifest_rows(manifest, table[wanted])
        chosen = manifest.subset(rows)
        areas[wanted.to_numpy(dtype=bool)] = read_lesion_areas(
            chosen, progress=progress
        )
    return areas
