"""Write src/tumorscope/deid/iod_types.json from the maps that highdicom ships.

Those hold 22 MB of JSON, which takes a second to read; what de-identification needs of
them is 20 kB. A test compares both.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydicom.datadict import keyword_for_tag

from tumorscope.deid.dicom_file import ADMITTED_CLASSES
from tumorscope.deid.iod_types import FILE
from tumorscope.deid.table import BASIC_PROFILE

RANK = {"1": 1, "1C": 1, "2": 2, "2C": 2, "3": 3}


def main() -> None:
    """Write the file."""
    text = json.dumps(collect_types(), indent=1, sort_keys=True)
    FILE.write_text(text + "\n", encoding="utf-8")


def collect_types() -> dict[str, dict[str, int]]:
    """Return the types 1 and 2 of attributes with a compound action.

    Returns:
        By SOP class and place, keywords joined by a slash. A conditional type counts as
        its unconditional one; of several modules the strictest counts.
    """
    compound = {
        keyword_for_tag(tag) for tag, action in BASIC_PROFILE.items() if "/" in action
    }
    iods, modules = read_map("sop_class_iod_map"), read_map("iod_module_map")
    attributes = read_map("module_attribute_map")
    found: dict[str, dict[str, int]] = {}
    for sop_class in sorted(ADMITTED_CLASSES):
        types = found.setdefault(sop_class, {})
        for module in {one["key"] for one in modules[iods[sop_class]]}:
            for one in attributes.get(module, ()):
                kind = RANK.get(one["type"], 3)
                if one["keyword"] in compound and kind < 3:
                    place = "/".join((*one["path"], one["keyword"]))
                    types[place] = min(types.get(place, 3), kind)
    return found


def read_map(name: str) -> dict[str, Any]:
    """Return one map of highdicom; the package itself is not imported."""
    package = find_spec("highdicom")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("highdicom is not installed: pip install highdicom")
    file = Path(package.origin).parent / "_standard" / f"{name}.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    main()
