"""The Basic Profile of PS3.15, Table E.1-1, as data.

The lists come from the package dicom-anonymizer, of which nothing but these lists is
used. They follow edition 2026c of the standard.

References:
    DICOM PS3.15, Annex E, Table E.1-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dicomanonymizer.dicom_anonymization_databases import (  # type: ignore[import-untyped]
    dicomfields_2026c as _lists,
)

TABLE_EDITION = "2026c"
ACTION_LISTS: Mapping[str, str] = MappingProxyType(
    {
        "D_TAGS": "D",
        "Z_TAGS": "Z",
        "X_TAGS": "X",
        "U_TAGS": "U",
        "Z_D_TAGS": "Z/D",
        "X_Z_TAGS": "X/Z",
        "X_D_TAGS": "X/D",
        "X_Z_D_TAGS": "X/Z/D",
        "X_Z_U_STAR_TAGS": "X/Z/U*",
    }
)


def _single_tags() -> dict[int, str]:
    return {
        tag[0] << 16 | tag[1]: action
        for name, action in ACTION_LISTS.items()
        for tag in getattr(_lists, name)
        if len(tag) == 2
    }


BASIC_PROFILE: Mapping[int, str] = MappingProxyType(_single_tags())
"""Action code of each single tag; 652 in edition 2026c."""
REPEATING_GROUPS = tuple(tag for tag in _lists.ALL_TAGS if len(tag) != 2)
"""Tag, tag and two masks: curves, overlay data, overlay comments."""


def is_curve_or_overlay(tag: int) -> bool:
    """Return whether a tag is of a group 50xx or 60xx, which go as a whole.

    The standard names their data and comments only; rows and origin without data would
    break the IOD, and private creators have hidden text in the rest.
    """
    return tag >> 24 in {0x50, 0x60} and not tag >> 16 & 1
