"""Maps beside reference masks: their overlap, and the cut-off that is best for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError

TAU_CANDIDATES = 64
"""Cut-offs that are tried on the tuning part."""

_LARGEST_SHARE = 0.5
_SMALLEST_SHARE = 0.0005
_PIXELS_PER_MAP = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedMap:
    """One map beside the reference mask of its tumor slice.

    Attributes:
        map: Shape (height, width), float, finite, on the grid of the image.
        mask: Shape (height, width), bool, not empty.
        core: Shape (height, width), bool, may be empty: the brain's core, from
            `tumorscope.explanation.trivial_maps`, for the cut-off without tuning.

    Raises:
        DataError: If shapes differ, a value is not finite, or the mask is empty.
    """

    map: NDArray[np.floating[Any]]
    mask: NDArray[np.bool_]
    core: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Refuse what cannot be scored."""
        if self.map.ndim != 2 or not (
            self.map.shape == self.mask.shape == self.core.shape
        ):
            raise DataError(
                f"map {self.map.shape}, mask {self.mask.shape} and core "
                f"{self.core.shape} must share one shape (height, width)"
            )
        if self.mask.dtype != np.bool_ or self.core.dtype != np.bool_:
            raise DataError(
                f"mask and core must be bool; found {self.mask.dtype} and "
                f"{self.core.dtype}"
            )
        if not np.isfinite(self.map).all():
            raise DataError("the map has values that are not finite")
        if not self.mask.any():
            raise DataError(
                "the mask is empty: only slices with tumor are scored, leave others out"
            )


def choose_tau(
    maps: Sequence[NDArray[np.floating[Any]]], masks: Sequence[NDArray[np.bool_]]
) -> float:
    """Choose one cut-off for a method, on slices that are not scored.

    Tried are 64 quantiles of the pooled map values, so that between 50 % and 0.05 % of
    all pixels lie above. The maps are not normalized one by one: a slice on which the
    method sees little may stay empty.

    Args:
        maps: Maps of tumor slices of the tuning part, each (height, width).
        masks: Their reference masks, bool, not empty.

    Returns:
        The cut-off with the best mean Dice (largest component); the lowest of equals.

    Raises:
        DataError: If there is no slice, or maps and masks do not match.
    """
    if not maps or len(maps) != len(masks):
        raise DataError(
            f"{len(maps)} maps and {len(masks)} masks of tumor slices: a cut-off needs "
            "tumor slices with masks in the tuning part; make a split that has some"
        )
    candidates = _tau_candidates(maps)
    total = np.zeros(len(candidates))
    for scores, mask in zip(maps, masks, strict=True):
        checked = MaskedMap(map=scores, mask=mask, core=mask)
        for position, tau in enumerate(candidates):
            binary = checked.map > tau
            if not binary.any():
                break  # higher cut-offs are empty too, and an empty map scores 0
            total[position] += dice(largest_component(binary), mask)
    return float(candidates[int(np.argmax(total))])


def largest_component(binary: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest region of pixels that are joined at their edges.

    Args:
        binary: Shape (height, width), bool; left unchanged.

    Returns:
        Shape (height, width), bool; the first in row order of equally large ones. All
        False where the input is.
    """
    _, labels = cv2.connectedComponents(binary.astype(np.uint8), connectivity=4)
    areas = np.bincount(labels[binary])
    if areas.size <= 2:
        return binary  # nothing, or one component
    return np.asarray(labels == np.argmax(areas))


def dice(binary: NDArray[np.bool_], mask: NDArray[np.bool_]) -> float:
    """Return 2 |A and B| / (|A| + |B|), in [0, 1]; 0 for an empty binary map.

    Args:
        binary: Shape (height, width), bool.
        mask: Shape (height, width), bool, not empty.

    References:
        Dice 1945, Measures of the amount of ecologic association between species.
    """
    shared = int(np.count_nonzero(binary & mask))
    return 2 * shared / int(np.count_nonzero(binary) + np.count_nonzero(mask))


def precision(binary: NDArray[np.bool_], mask: NDArray[np.bool_]) -> float:
    """Return the share of the binary map that lies in the mask; 0 for an empty one.

    Args:
        binary: Shape (height, width), bool.
        mask: Shape (height, width), bool.

    References:
        Sanjeevi et al. 2023, MProtoNet (activation precision), there in three dimensions.
    """
    area = int(np.count_nonzero(binary))
    return int(np.count_nonzero(binary & mask)) / area if area else 0.0


def pixel_average_precision(
    values: NDArray[np.floating[Any]], mask: NDArray[np.bool_]
) -> float:
    """Return the average precision of a map as a score of each pixel of the picture.

    All pixels enter, also those outside the brain, so that a map pays for what it
    highlights there. Chance, and a constant map, have the share of the mask. Needs no
    cut-off.

    Args:
        values: Shape (height, width), the map.
        mask: Shape (height, width), bool, not empty.

    Returns:
        Sum over the distinct values, from the highest down, of the precision times the
        step of the recall, in (0, 1].

    References:
        Arun et al. 2021, Assessing the trustworthiness of saliency maps for localizing
        abnormalities in medical imaging (area under the precision-recall curve).
    """
    scores = values.ravel()
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.append(np.diff(ordered) != 0, [True]))
    inside = np.cumsum(mask.ravel()[order])[ends]  # (levels,)
    steps = np.diff(inside, prepend=0)
    return float((steps * inside / (ends + 1)).sum() / inside[-1])


def _tau_candidates(maps: Sequence[NDArray[np.floating[Any]]]) -> NDArray[np.floating]:
    # A share of each map's pixels, evenly spread: quantiles need no more.
    pooled = np.concatenate(
        [each.ravel()[:: max(1, each.size // _PIXELS_PER_MAP)] for each in maps]
    )
    shares_above = np.geomspace(_LARGEST_SHARE, _SMALLEST_SHARE, TAU_CANDIDATES)
    return np.unique(np.quantile(pooled, 1 - shares_above))
