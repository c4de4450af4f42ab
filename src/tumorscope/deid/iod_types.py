"""Of which type an attribute is in the object at hand: 1, 2 or 3.

Compound actions such as X/Z/D are resolved by it. The table beside this file was written
by `scripts/write_iod_types.py` from the maps of highdicom, for the admitted classes and
for attributes with such an action; a test compares both.

References:
    DICOM PS3.15, section E.1.1; PS3.3, Annex A; PS3.5, section 7.4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

Place = tuple[str, ...]
FILE = Path(__file__).with_suffix(".json")
_OPTIONAL = 3


def attribute_type(sop_class: str, path: Place, keyword: str) -> int:
    """Return 1, 2 or 3; a conditional type counts as its unconditional one.

    An attribute that several modules name has the strictest of their types. One that
    the object does not know is of type 3.

    Args:
        sop_class: SOP Class UID.
        path: Keywords of the sequences around it, the outermost first.
        keyword: The attribute.
    """
    return types_of(sop_class).get("/".join((*path, keyword)), _OPTIONAL)


def types_of(sop_class: str) -> Mapping[str, int]:
    """Return the types 1 and 2 of attributes with a compound action in a SOP class.

    Args:
        sop_class: SOP Class UID; one that the table lacks has no attributes.
    """
    return _read().get(sop_class, {})


@lru_cache(maxsize=1)
def _read() -> Mapping[str, Mapping[str, int]]:
    content: dict[str, dict[str, int]] = json.loads(FILE.read_text(encoding="utf-8"))
    return content
