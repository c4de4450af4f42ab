"""What the order of the files tells about heads, and whether it tells anything.

Files are often named in the order in which heads were exported, once or in several passes
over the same patients. Then close pairs lie on lines in the plane of the two positions:
near the diagonal for one pass, parallel to it for a second. A pair is supported when other
close pairs lie next to it in that plane. In files without order nothing is supported, and
the order is not used.

The idea is that of the dot plot: Gibbs and McIntyre (1970), Eur. J. Biochem. 16:1-11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

_CHANCE = 0.01
"""Largest share of links that may be supported in a shuffled order."""
_DIGITS = re.compile(r"(\d+)")

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvidence:
    """How far the file order tells heads apart.

    Attributes:
        min_support: Close pairs that must lie next to a link before it counts as
            supported, at least 1.
        supported_share: Share of the close pairs that are supported, in [0, 1].
        chance_share: The same in a shuffled order, in [0, 1].
        close_pairs: Close pairs looked at.
        is_informative: Whether the order is used.
    """

    min_support: int
    supported_share: float
    chance_share: float
    close_pairs: int
    is_informative: bool


def natural_order(names: Sequence[str]) -> Positions:
    """Return the position of each name in an order that reads digits as numbers.

    Args:
        names: Paths, relative to the same folder.

    Returns:
        Shape (names,), int64, from 0: "Image2" stands before "Image10". Upper and lower
        case are alike.
    """
    keys = [
        [
            (0, int(part), "") if part.isdecimal() else (1, 0, part)
            for part in _DIGITS.split(name.casefold())
            if part
        ]
        for name in names
    ]
    position = np.empty(len(names), dtype=np.int64)
    position[sorted(range(len(names)), key=keys.__getitem__)] = np.arange(len(names))
    return position


def order_pairs(position: Positions, first: Positions, second: Positions) -> Positions:
    """Return the file positions of pairs, shape (pairs, 2), the earlier one first."""
    return np.sort(np.stack([position[first], position[second]], axis=1), axis=1)


def count_support(places: Positions, close: Positions, *, window: int) -> Positions:
    """Count close pairs that lie next to each place and share no file with it.

    Args:
        places: Shape (places, 2), earlier and later position, as of `order_pairs`.
        close: Shape (pairs, 2), the same of close pairs, each once.
        window: Files by which both positions may differ.

    Returns:
        Shape (places,), int64. A pair that shares its earlier or its later file with the
        place is not counted: three look-alikes would support each other.
    """
    files = int(max(places.max(initial=0), close.max(initial=0))) + 2 * window + 1
    keys = np.sort(_key(close + window, files))
    total = np.zeros(len(places), dtype=np.int64)
    for shift in range(-window, window + 1):
        if shift == 0:
            continue
        moved = places + window + np.array([shift, 0])
        # Later positions of one earlier file are neighbors in the sorted keys.
        low = np.searchsorted(keys, _key(moved - np.array([0, window]), files))
        high = np.searchsorted(
            keys, _key(moved + np.array([0, window]), files), side="right"
        )
        same = _key(moved, files)
        same_later = np.searchsorted(keys, same, side="right") - np.searchsorted(
            keys, same
        )
        total += high - low - same_later
    return total


def weigh_order(
    close: Positions, files: int, *, window: int, min_share: float, seed: int
) -> OrderEvidence:
    """Find out whether the order of the files tells heads apart.

    Args:
        close: Shape (pairs, 2), positions of close pairs.
        files: Files in all.
        window: Files by which both positions of two pairs may differ.
        min_share: Share of supported pairs from which on the order is used.
        seed: Seed of the shuffled order.

    Returns:
        The support that at most 1 % of the pairs have in a shuffled order, and the share
        of the pairs that have it in the order as it is.
    """
    if len(close) == 0:
        return OrderEvidence(
            min_support=1,
            supported_share=0.0,
            chance_share=0.0,
            close_pairs=0,
            is_informative=False,
        )
    shuffled = np.random.default_rng(seed).permutation(files)[close]
    shuffled.sort(axis=1)
    by_chance = count_support(shuffled, shuffled, window=window)
    needed = next(n for n in count(1) if (by_chance >= n).mean() <= _CHANCE)
    share = float((count_support(close, close, window=window) >= needed).mean())
    return OrderEvidence(
        min_support=needed,
        supported_share=share,
        chance_share=float((by_chance >= needed).mean()),
        close_pairs=len(close),
        is_informative=share >= min_share,
    )


def _key(places: Positions, files: int) -> Positions:
    return places[:, 0] * files + places[:, 1]
