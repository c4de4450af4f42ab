"""Many texts looked for in one pass over the bytes of a file, in any case of letters.

Pixels hold next to none of the byte pairs of a name. All pairs that stand at even places
are looked up in one table; only where two neighbors are known are the texts themselves
searched for. Every text of five bytes holds two such pairs wherever it begins, so that
nothing is missed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SHORTEST_BYTES = 5
_REACH_PAIRS = 2
_CASE = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteSearch:
    """Texts to look for.

    Attributes:
        texts: In small letters (ASCII), each of `SHORTEST_BYTES` or more.
    """

    texts: tuple[bytes, ...]
    _pairs: NDArray[np.bool_] = field(repr=False, compare=False)
    _longest: int = field(repr=False, compare=False)

    @classmethod
    def for_texts(cls, texts: Iterable[bytes]) -> ByteSearch:
        """Return a search for some texts.

        Args:
            texts: In small letters.

        Raises:
            ValueError: If one is too short for a table of pairs.
        """
        chosen = tuple(texts)
        if any(len(one) < SHORTEST_BYTES for one in chosen):
            raise ValueError(f"texts have {SHORTEST_BYTES} bytes or more")
        pairs = np.zeros(1 << 16, dtype=bool)
        for one in chosen:
            for low, high in itertools.pairwise(one):
                for first in _cases(low):
                    for second in _cases(high):
                        pairs[first | second << 8] = True
        return cls(
            texts=chosen,
            _pairs=pairs,
            _longest=max(map(len, chosen), default=0),
        )

    def stands_in(self, content: bytes) -> bool:
        """Return whether any text stands in some bytes, capital letters or not."""
        if not self.texts:
            return False
        return any(self._stands_near(content, at) for at in self._candidates(content))

    def _candidates(self, content: bytes) -> list[int]:
        """Return where two neighboring pairs are known, places close together as one."""
        words = np.frombuffer(content, "<u2", len(content) // 2)
        known = self._pairs[words]
        found = np.flatnonzero(known[:-1] & known[1:])
        if not found.size:
            return []
        # A window reaches far enough to cover all places up to the next one kept.
        is_new = np.diff(found // (self._longest + 1), prepend=-1) > 0
        return [int(one) * 2 for one in found[is_new]]

    def _stands_near(self, content: bytes, at: int) -> bool:
        start = max(at - self._longest, 0)
        window = content[start : at + 4 * (self._longest + _REACH_PAIRS)].lower()
        return any(one in window for one in self.texts)


def _cases(byte: int) -> tuple[int, ...]:
    is_letter = ord("a") <= byte <= ord("z")
    return (byte, byte - _CASE) if is_letter else (byte,)
