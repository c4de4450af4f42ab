"""Where the frames of a file lie in the patient, read from its data set.

References:
    DICOM PS3.3, C.7.6.2 (image plane), C.7.6.16 (functional groups of enhanced files).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tumorscope.deid.elements import DataSet, Encapsulated, text_of

_POSITION, _ORIENTATION, _SPACING = 0x00200032, 0x00200037, 0x00280030
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_GROUPS = (0x00209113, 0x00209116, 0x00289110)
"""Plane position, plane orientation, pixel measures."""
Vector3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlace:
    """Where one frame lies.

    Attributes:
        position_mm: Center of its first pixel, LPS.
        along_row: Direction of growing column number, LPS, unit vector.
        along_column: Direction of growing row number, LPS, unit vector.
        spacing_mm: Between rows, between columns.
    """

    position_mm: Vector3
    along_row: Vector3
    along_column: Vector3
    spacing_mm: tuple[float, float]


def frame_places(elements: DataSet) -> list[FramePlace | None]:
    """Return the place of each frame, None for one that does not say it.

    Args:
        elements: A data set as read.
    """
    own = _items(elements, _PER_FRAME)
    if not own:
        return [_place([elements])]
    shared = [_first_items(item) for item in _items(elements, _SHARED)[:1]]
    common = [*(shared[0] if shared else []), elements]
    return [_place([*_first_items(item), *common]) for item in own]


def _first_items(group: DataSet) -> list[DataSet]:
    found = (_items(group, tag) for tag in _GROUPS)
    return [items[0] for items in found if items]


def _items(elements: DataSet, tag: int) -> tuple[DataSet, ...]:
    for one in elements:
        is_known = not isinstance(one.value, bytes | Encapsulated)
        if one.tag == tag and one.vr == "SQ" and is_known:
            items: tuple[DataSet, ...] = one.value  # type: ignore[assignment]
            return items
    return ()


def _place(places: list[DataSet]) -> FramePlace | None:
    position = _numbers(places, _POSITION, 3)
    turn = _numbers(places, _ORIENTATION, 6)
    spacing = _numbers(places, _SPACING, 2)
    if position is None or turn is None or spacing is None or min(spacing) <= 0:
        return None
    return FramePlace(
        position_mm=(position[0], position[1], position[2]),
        along_row=(turn[0], turn[1], turn[2]),
        along_column=(turn[3], turn[4], turn[5]),
        spacing_mm=(spacing[0], spacing[1]),
    )


def _numbers(places: list[DataSet], tag: int, count: int) -> list[float] | None:
    text = next((text for one in places if (text := text_of(one, tag))), "")
    try:
        found = [float(part) for part in text.split("\\")]
    except ValueError:
        return None
    is_whole = len(found) == count and all(math.isfinite(one) for one in found)
    return found if is_whole else None
