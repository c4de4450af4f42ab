"""Values that stand where one must stand, and say nothing.

A dummy is valid for its representation, so that an object stays the kind of object it
was.
"""

from __future__ import annotations

from tumorscope.deid.elements import DataSet, Element, Encapsulated
from tumorscope.deid.identity import is_registered
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.reading import dictionary_vr

REMOVED = b"REMOVED"
_BY_VR = {
    "AS": b"000Y",
    "DA": b"19000101",
    "DT": b"19000101000000",
    "TM": b"000000",
    "DS": b"0",
    "IS": b"0",
    "UR": b"urn:removed",
}
_SIZES = {
    **dict.fromkeys(("US", "SS", "OB", "OW", "UN"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "AT", "OL", "OF"), 4),
    **dict.fromkeys(("FD", "SV", "UV", "OD", "OV"), 8),
}
_ABSTRACT = b"2.25.0"
_CODE_VALUE, _CODE_SCHEME, _CODE_MEANING = 0x00080100, 0x00080102, 0x00080104


def dummy_of(element: Element, keys: PatientKeys) -> Element:
    """Return an element of the same tag that says nothing.

    A sequence becomes one item. It holds the tags of its first item, each with a dummy;
    private tags are left out, deeper sequences are empty. An empty one gets a code.

    Args:
        element: What stands in the file.
        keys: For unique identifiers, which stay distinct.
    """
    if element.vr == "SQ":
        first: DataSet = ()
        if not isinstance(element.value, bytes | Encapsulated) and element.value:
            first = element.value[0]
        return Element(element.tag, "SQ", (_dummy_item(first, keys),))
    return Element(element.tag, element.vr, _dummy_value(element, keys))


def _dummy_item(item: DataSet, keys: PatientKeys) -> DataSet:
    kept = tuple(
        Element(one.tag, one.vr, _dummy_value(one, keys))
        for one in item
        if one.vr != "UN" and dictionary_vr(one.tag) != "UN"
    )
    return kept or (
        Element(_CODE_VALUE, "SH", REMOVED),
        Element(_CODE_SCHEME, "SH", b"99REMOVED"),
        Element(_CODE_MEANING, "LO", REMOVED),
    )


def _dummy_value(element: Element, keys: PatientKeys) -> bytes | tuple[()]:
    if element.vr == "SQ":
        return ()
    if element.vr == "UI":
        old = element.value if isinstance(element.value, bytes) else _ABSTRACT
        uid = old.decode("latin-1").strip(" \0")
        return old if is_registered(uid) else keys.replace_uid(uid).encode()
    if element.vr in _SIZES:
        return bytes(_SIZES[element.vr])
    return _BY_VR.get(element.vr, REMOVED)
