"""Links between slices that may come from one head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.pseudo_patients.file_order import (
    OrderEvidence,
    count_support,
    order_pairs,
    weigh_order,
)
from tumorscope.audit.pseudo_patients.head_space import CLOSE_NEIGHBORS
from tumorscope.audit.pseudo_patients.neighbors import (
    Pairs,
    find_neighbors,
    pair_neighbors,
)
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

CLOSE_DISTANCE = 1.25
"""Close pairs beyond this are too often of two heads to support others."""

_RANDOM_PAIRS = 20_000

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Pairs of slices that may come from one head.

    Attributes:
        first: Shape (links,), int64, row of one slice.
        second: Shape (links,), int64, row of the other.
        distance: Shape (links,), float32, in units of close pairs.
        is_strong: Shape (links,), whether one such link joins groups of any size.
        is_supported: Shape (links,), whether the file order supports the link and it is
            near enough for two of them to join groups of any size.
        is_step: Shape (links,), whether the second slice is that of the next file; no
            link is where the order tells nothing.
        order: What the file order told.
    """

    first: Rows
    second: Rows
    distance: NDArray[np.float32]
    is_strong: NDArray[np.bool_]
    is_supported: NDArray[np.bool_]
    is_step: NDArray[np.bool_]
    order: OrderEvidence


def find_links(
    vectors: NDArray[np.float32], position: Rows, spec: PseudoPatientSpec
) -> Links:
    """Link each slice with its nearest ones, as far as the file order does not object.

    Args:
        vectors: Shape (slices, dimensions), as placed by a `HeadSpace`.
        position: Shape (slices,), place of each slice in the order of the files.
        spec: Distances, and how the order is weighed.

    Returns:
        Where the order tells heads apart: neighbors that it supports or that are nearly
        copies, and neighbors in the order itself. Elsewhere: all nearest neighbors.
    """
    pairs, close = _pairs_and_close_places(vectors, position, spec)
    order = weigh_order(
        close,
        len(vectors),
        window=spec.order_window,
        min_share=spec.min_supported_share,
        seed=spec.seed,
    )
    if not order.is_informative:
        nothing = np.zeros(len(pairs.first), dtype=np.bool_)
        return Links(
            first=pairs.first,
            second=pairs.second,
            distance=pairs.distance,
            is_strong=pairs.distance < spec.strong_distance,
            is_supported=nothing,
            is_step=nothing,
            order=order,
        )
    places = order_pairs(position, pairs.first, pairs.second)
    support = count_support(places, close, window=spec.order_window)
    has_support = support >= order.min_support
    kept = has_support | (pairs.distance < spec.copy_distance)
    by_place = np.argsort(position)
    steps = _distances(vectors, by_place[:-1], by_place[1:])
    distance = np.concatenate([pairs.distance[kept], steps])
    is_step = np.arange(len(distance)) >= kept.sum()
    nearest = np.where(is_step, _step_distance(vectors, spec), spec.strong_distance)
    is_supported = np.concatenate([has_support[kept], np.zeros(len(steps), np.bool_)])
    return Links(
        first=np.concatenate([pairs.first[kept], by_place[:-1]]),
        second=np.concatenate([pairs.second[kept], by_place[1:]]),
        distance=distance,
        is_strong=distance < nearest,
        is_supported=is_supported & (distance < spec.joint_distance),
        is_step=is_step,
        order=order,
    )


def _step_distance(vectors: NDArray[np.float32], spec: PseudoPatientSpec) -> float:
    """Return the distance below which few random pairs lie."""
    generator = np.random.default_rng(spec.seed)
    first, second = generator.integers(len(vectors), size=(2, _RANDOM_PAIRS))
    by_chance = np.quantile(_distances(vectors, first, second), spec.step_chance)
    # With very few heads, random pairs are often of one head.
    return max(float(by_chance), spec.joint_distance)


def _distances(
    vectors: NDArray[np.float32], first: Rows, second: Rows
) -> NDArray[np.float32]:
    return np.linalg.norm(vectors[first] - vectors[second], axis=1)


def _pairs_and_close_places(
    vectors: NDArray[np.float32], position: Rows, spec: PseudoPatientSpec
) -> tuple[Pairs, Rows]:
    neighbors = find_neighbors(vectors, spec.neighbors)
    near = pair_neighbors(neighbors, CLOSE_NEIGHBORS)
    is_close = near.is_mutual & (near.distance < CLOSE_DISTANCE)
    close = order_pairs(position, near.first[is_close], near.second[is_close])
    return pair_neighbors(neighbors, spec.neighbors), close
