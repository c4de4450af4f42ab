"""Values as text: decoded by the character set that the file declares, then folded."""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import lru_cache

from pydicom import charset

_ESCAPE = b"\x1b"
_DELIMITERS = {0x09, 0x0A, 0x0C, 0x0D}
_WORD = re.compile(r"[^\W_]+")
_TRANSLITERATED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ß": "ss"}
)


def decode(value: bytes, character_set: bytes) -> str:
    """Return a text value; bytes that the character set lacks become a question mark.

    Args:
        value: As in the file.
        character_set: Specific Character Set as in the file; empty for the default.
    """
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii").rstrip(" \0")
    return _decode_slowly(value, character_set).rstrip(" \0")


@lru_cache(maxsize=4096)
def _decode_slowly(value: bytes, character_set: bytes) -> str:
    names = [
        one.strip() for one in character_set.decode("ascii", "replace").split("\\")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning would quote the value
        try:
            encodings = charset.convert_encodings(names)
            return charset.decode_bytes(value, encodings, _DELIMITERS)
        except (LookupError, ValueError):
            return value.decode("latin-1")


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Return a text without case and accents, so that spellings can be compared."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


def folded_words(text: str) -> list[str]:
    """Return the words of a text, folded; hyphens and punctuation separate."""
    return _WORD.findall(fold(text))


def spellings(text: str) -> set[str]:
    """Return a text folded, and with umlauts written out as is done without them."""
    return {fold(text), fold(text.casefold().translate(_TRANSLITERATED))}
