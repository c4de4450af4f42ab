"""Of which type an attribute is in the object at hand: 1, 2 or 3.

Compound actions such as X/Z/D are resolved by it. The maps are those of highdicom; they
hold 22 MB of JSON, so they are read once for each SOP class that turns up, and only the
attributes that need them are kept.

References:
    DICOM PS3.15, section E.1.1; PS3.3, Annex A; PS3.5, section 7.4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydicom.datadict import keyword_for_tag

from tumorscope.deid.table import BASIC_PROFILE

Place = tuple[str, ...]
_COMPOUND = frozenset(
    keyword_for_tag(tag) for tag, action in BASIC_PROFILE.items() if "/" in action
)
_RANK = {"1": 0, "1C": 0, "2": 1, "2C": 1, "3": 2}


def attribute_type(sop_class: str, path: Place, keyword: str) -> int:
    """Return 1, 2 or 3; a conditional type counts as its unconditional one.

    An attribute that several modules name has the strictest of their types. One that
    the object does not know is of type 3.

    Args:
        sop_class: SOP Class UID.
        path: Keywords of the sequences around it, the outermost first.
        keyword: The attribute.
    """
    return types_of(sop_class).get((*path, keyword), 2) + 1


@lru_cache(maxsize=16)
def types_of(sop_class: str) -> Mapping[Place, int]:
    """Return type minus one of every attribute with a compound action in a SOP class.

    Args:
        sop_class: SOP Class UID; one that the maps lack has no attributes.
    """
    iod = _read("sop_class_iod_map.json").get(sop_class, "")
    modules = {one["key"] for one in _read("iod_module_map.json").get(iod, ())}
    found: dict[Place, int] = {}
    attributes = _read("module_attribute_map.json")
    for module in modules:
        for one in attributes.get(module, ()):
            if one["keyword"] not in _COMPOUND:
                continue
            key = (*one["path"], one["keyword"])
            found[key] = min(found.get(key, 2), _RANK.get(one["type"], 2))
    return found


def _read(name: str) -> dict[str, Any]:
    """Read one map from highdicom's folder; the package itself is not imported."""
    package = find_spec("highdicom")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("highdicom is not installed: pip install highdicom")
    file = Path(package.origin).parent / "_standard" / name
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
