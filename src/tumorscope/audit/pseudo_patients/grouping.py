"""Links to groups, without chains that run through many heads.

Plain connected components fail: one wrong link among thousands joins two heads, and a few
dozen join most of a set. Here a link joins two large groups only if it is strong, or if
two supported links with different ends agree; a weak link may only add a small group to
another one; and no group grows beyond what one head plausibly holds.

Where pictures are scaled one by one, slices with and without a bright lesion look like two
heads. Such groups meet at several places of the file order, and are joined as far as
enough groups remain.

Joining two heads by mistake costs little, since a split only needs groups that are whole.
Tearing one head is a leak. So small groups join their nearest one rather than stay alone.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.pseudo_patients.linking import Links
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

_AGREEING_LINKS = 2
_MEETINGS = 2

Rows = NDArray[np.int64]


class _Forest:
    """Groups that are joined two at a time (union-find with path halving)."""

    def __init__(self, count: int, largest: int) -> None:
        self._parent = list(range(count))
        self._size = [1] * count
        self._largest = largest
        self.refused: set[int] = set()

    def root(self, row: int) -> int:
        """Return the group of a slice."""
        parent = self._parent
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def smaller(self, first: int, second: int) -> int:
        """Return the size of the smaller of two groups."""
        return min(self._size[first], self._size[second])

    def together(self, first: int, second: int) -> int:
        """Return the size that two groups would have as one."""
        return self._size[first] + self._size[second]

    def join(self, first: int, second: int) -> None:
        """Join two different groups, unless they would hold more than one head can."""
        total = self.together(first, second)
        if total > self._largest:
            self.refused |= {first, second}
            return
        if self._size[first] < self._size[second]:
            first, second = second, first
        self._parent[second] = first
        self._size[first] = total


def group_slices(
    links: Links, count: int, spec: PseudoPatientSpec
) -> tuple[Rows, NDArray[np.bool_]]:
    """Join slices to groups.

    Args:
        links: As found.
        count: Slices in all.
        spec: Distances and sizes.

    Returns:
        Shape (count,), int64: a group number for each slice, from 0 in the order of each
        group's first slice. Shape (count,), bool: whether the group was kept from
        growing by `max_group_slices`.
    """
    forest = _Forest(count, spec.max_group_slices)
    order = np.argsort(links.distance, kind="stable")
    _join_strong(forest, links, order)
    _join_agreeing(forest, links)
    stray = (
        spec.ordered_stray_distance
        if links.order.is_informative
        else spec.stray_distance
    )
    _join_small(forest, links, order[links.distance[order] < stray], spec.small_group)
    _join_meeting(
        forest,
        links,
        reach=spec.ordered_stray_distance,
        largest=int(spec.max_joined_share * count),
    )
    roots = np.array([forest.root(row) for row in range(count)], dtype=np.int64)
    refused = {forest.root(row) for row in forest.refused}
    _, first, inverse = np.unique(roots, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse], np.isin(roots, sorted(refused))


def _join_strong(forest: _Forest, links: Links, order: Rows) -> None:
    for link in order[links.is_strong[order]].tolist():
        first = forest.root(int(links.first[link]))
        second = forest.root(int(links.second[link]))
        if first != second:
            forest.join(first, second)


def _join_agreeing(forest: _Forest, links: Links) -> None:
    """Join groups between which supported links with different ends agree."""
    ends: dict[tuple[int, int], tuple[set[int], set[int]]] = defaultdict(
        lambda: (set(), set())
    )
    for link in np.flatnonzero(links.is_supported).tolist():
        one, other = int(links.first[link]), int(links.second[link])
        first, second = forest.root(one), forest.root(other)
        if first == second:
            continue
        if first > second:
            first, second, one, other = second, first, other, one
        left, right = ends[first, second]
        left.add(one)
        right.add(other)
    agreeing = {
        pair: min(len(left), len(right)) for pair, (left, right) in ends.items()
    }
    for pair in sorted(agreeing, key=lambda pair: (-agreeing[pair], pair)):
        first, second = forest.root(pair[0]), forest.root(pair[1])
        if agreeing[pair] >= _AGREEING_LINKS and first != second:
            forest.join(first, second)


def _join_small(forest: _Forest, links: Links, order: Rows, small: int) -> None:
    for link in order.tolist():
        first = forest.root(int(links.first[link]))
        second = forest.root(int(links.second[link]))
        if first != second and forest.smaller(first, second) <= small:
            forest.join(first, second)


def _join_meeting(forest: _Forest, links: Links, *, reach: float, largest: int) -> None:
    """Join groups that are neighbors in the file order at several places."""
    steps: dict[tuple[int, int], list[float]] = defaultdict(list)
    for link in np.flatnonzero(links.is_step & (links.distance < reach)).tolist():
        first = forest.root(int(links.first[link]))
        second = forest.root(int(links.second[link]))
        if first != second:
            pair = (min(first, second), max(first, second))
            steps[pair].append(float(links.distance[link]))
    met = sorted(
        (-len(distances), sum(distances) / len(distances), pair)
        for pair, distances in steps.items()
        if len(distances) >= _MEETINGS
    )
    for _, _, pair in met:
        first, second = forest.root(pair[0]), forest.root(pair[1])
        if first != second and forest.together(first, second) <= largest:
            forest.join(first, second)
