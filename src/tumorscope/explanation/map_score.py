"""How well one map marks the lesion of one slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.explanation.masked_maps import (
    MaskedMap,
    dice,
    largest_component,
    pixel_average_precision,
    precision,
)

TOP_CORE_QUANTILE = 0.88
"""The cut-off without tuning: the top 12 % of the brain's core."""
PRECISE_CORE_QUANTILE = 0.95
"""The cut-off of `precision_top_core`: the top 5 % of the brain's core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapScore:
    """How well one map marks the lesion of one slice; each figure in [0, 1].

    Attributes:
        hit: 1 where the maximum (first in row order) lies in the mask, else 0.
        dice: Largest component of the binary map against the mask.
        dice_all_components: Whole binary map.
        dice_top_core: Largest component of the top 12 % of the core.
        precision: Share of the largest component that lies in the mask.
        precision_top_core: The same of the top 5 % of the core, all components.
        average_precision: Of the map's pixels, over the whole picture.
    """

    hit: float
    dice: float
    dice_all_components: float
    dice_top_core: float
    precision: float
    precision_top_core: float
    average_precision: float


def make_binary(
    values: NDArray[np.floating[Any]], core: NDArray[np.bool_], *, tau: float | None
) -> NDArray[np.bool_]:
    """Return where a map is highlighted.

    Args:
        values: Shape (height, width), the map.
        core: Shape (height, width), bool, the brain's core; may be empty.
        tau: Cut-off on the map as it is; None takes the top 12 % of the core.

    Returns:
        Shape (height, width), bool.
    """
    if tau is None:
        return _top_of_core(values, core, TOP_CORE_QUANTILE)
    return np.asarray(values > tau)


def score_map(each: MaskedMap, *, tau: float | None) -> MapScore:
    """Score one method on one tumor slice.

    Args:
        each: The map beside its mask.
        tau: Cut-off from `choose_tau`, or None to use the top 12 % of the core, as for
            the brightness map.

    References:
        Zhang et al. 2018, Top-down neural attention by excitation backprop (pointing
        game, here without tolerance); Dice 1945.
    """
    top_core = _top_of_core(each.map, each.core, TOP_CORE_QUANTILE)
    binary = make_binary(each.map, each.core, tau=tau)
    largest = largest_component(binary)
    precise = _top_of_core(each.map, each.core, PRECISE_CORE_QUANTILE)
    return MapScore(
        hit=float(_points_into(each)),
        dice=dice(largest, each.mask),
        dice_all_components=dice(binary, each.mask),
        dice_top_core=dice(largest_component(top_core), each.mask),
        precision=precision(largest, each.mask),
        precision_top_core=precision(precise, each.mask),
        average_precision=pixel_average_precision(each.map, each.mask),
    )


def _points_into(each: MaskedMap) -> bool:
    if each.map.min() == each.map.max():
        return False  # a constant map points nowhere
    return bool(each.mask.flat[int(np.argmax(each.map))])


def _top_of_core(
    values: NDArray[np.floating[Any]], core: NDArray[np.bool_], quantile: float
) -> NDArray[np.bool_]:
    if not core.any():
        return np.zeros_like(core)
    cut = np.quantile(values[core], quantile)
    return np.asarray(core & (values > cut))
