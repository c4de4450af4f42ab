"""Which three limits stand on the first page.

The rule, written down so that nobody picks by taste:

1. Each limit has a weight: what would a reader do wrongly without it?

   | weight | without it a reader would | limits |
   |---|---|---|
   | NOT_CLEAN | take figures for what they are not | synthetic scans; no patient ids; one class; what the run warns of (a waived gate, patients who may be shared); failed and waived sections |
   | SET | believe what this set cannot show | what the importer knows of the set |
   | RESULT | credit the model, or act on a score | not above a simple method; a threshold that did not carry over; the height of the slice; wrong probabilities; small lesions missed; maps no better than trivial ones |
   | REACH | expect the figures elsewhere | internal or external testing; few patients; a threshold from few patients |
   | INCOMPLETE | think that all was looked at | no simple method; files left out; the rest |

2. All limits of weight NOT_CLEAN go first, in the order in which they were found.
3. The places that are left go to the first limit of each further weight, from SET on; then to
   the second of each, and so on. So the three places speak of different questions, and a long
   list of notes cannot crowd out a threshold that does not hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from tumorscope.pages.limit import Limit

FIRST_PAGE_LIMITS = 3


class Weight(IntEnum):
    """What a reader would do wrongly without a limit; the smallest matters most."""

    NOT_CLEAN = 1
    SET = 2
    RESULT = 3
    REACH = 4
    INCOMPLETE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedLimit:
    """A limit and how much it matters.

    Attributes:
        limit: The limit, in words.
        weight: What a reader would do wrongly without it.
    """

    limit: Limit
    weight: Weight


def first_limits(
    found: Iterable[WeighedLimit], *, count: int = FIRST_PAGE_LIMITS
) -> tuple[Limit, ...]:
    """Choose the limits of the first page by the rule above.

    Args:
        found: All limits, in the order in which they were found.
        count: How many places there are.

    Returns:
        At most `count` limits, the one that matters most first.
    """
    seen: Counter[Weight] = Counter()
    keyed = []
    for position, each in enumerate(found):
        round_number = 0 if each.weight is Weight.NOT_CLEAN else seen[each.weight]
        seen[each.weight] += 1
        keyed.append((round_number, each.weight, position, each.limit))
    ranked = sorted(keyed, key=lambda key: key[:3])
    return tuple(limit for *_, limit in ranked[:count])
