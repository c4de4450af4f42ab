"""Whether a value that stays holds what is known of the patient."""

from __future__ import annotations

from tumorscope.deid.elements import NUMBER_TEXT_VRS, PIXEL_TAGS, TEXT_VRS, Element
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.text import decode
from tumorscope.deid.vocabulary import is_code_term, is_vendor

_MANUFACTURER = 0x00080070


def holds_token(element: Element, character_set: bytes, tokens: IdentityTokens) -> bool:
    """Return whether a value holds a token.

    Texts are looked through, numbers compared as a whole, and bytes searched in every
    encoding. Pixels are searched with the finished file.

    Args:
        element: Any element; a sequence holds nothing by itself.
        character_set: That holds where the element stands.
        tokens: What is known of the patient.
    """
    value = element.value
    if not value or not isinstance(value, bytes) or element.tag in PIXEL_TAGS:
        return False
    if element.vr in TEXT_VRS:
        text = decode(value, character_set)
        is_term = element.vr == "CS" and is_code_term(text)
        is_maker = element.tag == _MANUFACTURER and is_vendor(text)
        return not (is_term or is_maker) and tokens.stand_in(text)
    if element.vr in NUMBER_TEXT_VRS:
        parts = value.decode("latin-1").split("\\")
        return any(tokens.equal(part.strip()) for part in parts)
    return element.vr[0] == "O" and tokens.stand_in_bytes(value)
