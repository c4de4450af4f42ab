"""Sizes of lesions, read from the masks of a manifest.

Size strata are stated in pixels at 256 x 256, the grid of the TCGA lower-grade-glioma set
that they come from; masks on another grid are rescaled by area, so that one table can hold
slices of several sizes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.images import read_mask

REFERENCE_PX = 256
"""Side of the grid that areas are stated on, in pixels."""


def read_lesion_areas(
    manifest: Manifest, *, progress: Progress = silent
) -> NDArray[np.float64]:
    """Read how large the lesion of each slice is.

    Args:
        manifest: A cohort; `mask` names the mask of a slice.
        progress: Shows how far it got.

    Returns:
        Shape (slices,), float64, area of the mask in pixels at 256 x 256: the share of
        the picture that it covers times 65,536. 0 for an empty mask, NaN where a slice
        has no mask.

    Raises:
        UnreadableScanError: If a mask cannot be decoded.
    """
    areas = np.full(len(manifest), np.nan)
    rows = np.flatnonzero(manifest.table["mask"].notna().to_numpy(dtype=bool))
    for row in progress(rows, total=len(rows), label="lesion sizes"):
        path = manifest.mask_path(int(row))
        if path is not None:
            areas[row] = float(read_mask(path).mean()) * REFERENCE_PX**2
    return areas
