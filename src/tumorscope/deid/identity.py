"""What is known of a patient, as tokens to look for, and where a text holds one.

The table of the standard names attributes; people write names into others. All that the
files of one patient say about who it is is gathered first, at every depth, and looked for
in whatever is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from tumorscope.deid.byte_search import ByteSearch
from tumorscope.deid.statement import OWN_TEXT
from tumorscope.deid.text import folded_words, spellings
from tumorscope.deid.vocabulary import CODE_TERMS, DESCRIPTION_WORDS

KINDS = ("names", "ids", "dates", "places")
"""What is gathered: person names, identifiers, dates, addresses and contacts."""
_SHORTEST_WORD, _SHORTEST_PART, _SHORTEST_NUMBER, _SHORTEST_PLACE = 2, 5, 4, 4
_SHORTEST_BINARY_NUMBER = 6
_COMMON_PLACES = frozenset(
    (
        *("medical", "systems", "hospital", "university", "clinic", "center", "centre"),
        *("health", "institute", "department", "general", "radiology", "imaging"),
        *("street", "road", "avenue", "strasse", "house", "apartment", "north"),
        *("south", "east", "west", "saint", "city", "research", "national", "care"),
    )
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_UID_IN_TEXT = re.compile(r"\d+(?:\.\d+){5,}")
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.\w+|https?://|\bwww\.")
REGISTRY = "1.2.840.10008."


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityTokens:
    """Tokens of one patient, folded.

    Attributes:
        words: Match whole words.
        parts: Match anywhere in a text from which all but letters and digits is taken.
        binary: Match anywhere in bytes, letters in small.
        raw: As `binary`, but only those that cannot arise by chance in numbers; looked
            for in whole files.
    """

    words: frozenset[str]
    parts: tuple[str, ...]
    binary: tuple[bytes, ...]
    raw: tuple[bytes, ...]
    _known: dict[str, bool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def from_values(cls, values: Mapping[str, Iterable[str]]) -> IdentityTokens:
        """Return the tokens of all that was gathered.

        Args:
            values: Texts by kind, see `KINDS`; a name may hold `^` and `=`.
        """
        names: set[str] = set()
        ids: set[str] = set()
        for name in values.get("names", ()):
            names |= _name_words(name) | _joined_names(name)
        for text in values.get("ids", ()):
            ids |= {"".join(folded_words(text)), *folded_words(text)}
        ids = {one for one in ids if len(one) >= _SHORTEST_NUMBER}
        dates = {
            one for text in values.get("dates", ()) for one in date_spellings(text)
        }
        parts = {
            one
            for one in names | ids
            if len(one) >= _SHORTEST_PART or not one.isascii()
        }
        terms = CODE_TERMS | DESCRIPTION_WORDS
        rare = {one for one in parts if one not in terms and one not in OWN_TEXT}
        return cls(
            words=frozenset(names | ids | _place_words(values.get("places", ()))),
            parts=tuple(sorted(parts | dates)),
            binary=_as_bytes(parts | dates, digits=True),
            raw=_as_bytes(rare, digits=False),
        )

    def stand_in(self, text: str) -> bool:
        """Return whether a text holds a token, a foreign UID, a mail or web address."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._look(text)
        return known

    def equal(self, text: str) -> bool:
        """Return whether a number is an identifier as a whole, e.g. a patient ID."""
        return len(text) >= _SHORTEST_PART and text in self.words

    def stand_in_bytes(self, content: bytes) -> bool:
        """Return whether a binary value holds a token, in any declared encoding."""
        small = content.lower()
        return any(token in small for token in self.binary)

    def stand_in_file(self, content: bytes) -> bool:
        """Return whether a whole file holds a token with letters."""
        return _search_for(self.raw).stands_in(content)

    def _look(self, text: str) -> bool:
        if any(not one.startswith(REGISTRY) for one in _UID_IN_TEXT.findall(text)):
            return True
        if _CONTACT.search(text):
            return True
        for way in spellings(text):
            words = folded_words(way)
            joined = "".join(words)
            if not self.words.isdisjoint(words):
                return True
            if any(part in joined for part in self.parts):
                return True
        return False


@lru_cache(maxsize=64)
def _search_for(raw: tuple[bytes, ...]) -> ByteSearch:
    return ByteSearch.for_texts(raw)


def is_registered(uid: str) -> bool:
    """Return whether a UID is of the standard's registry: a kind of thing, no thing."""
    return uid.startswith(REGISTRY) and set(uid) <= set("0123456789.")


def date_spellings(text: str) -> set[str]:
    """Return a date as people write it, without separators.

    Args:
        text: DA or the beginning of a DT, `YYYYMMDD`.

    Returns:
        Among others `19570312`, `12031957`, `03121957`, `12mar1957`, `march121957`;
        nothing where the text is no whole date.
    """
    digits = text.strip()[:8]
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return set()
    year, month, number = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
    found = {year + month + number, number + month + year, month + number + year}
    for name in (_MONTHS[day.month - 1], _MONTHS[day.month - 1][:3]):
        for written in (number, str(day.day)):
            found |= {written + name + year, name + written + year}
    return found


def _place_words(places: Iterable[str]) -> set[str]:
    """Return the telling words of addresses and institutions."""
    found = {
        word for text in places for way in spellings(text) for word in folded_words(way)
    }
    return {
        one
        for one in found
        if len(one) >= _SHORTEST_PLACE and one not in _COMMON_PLACES
    }


def _name_words(name: str) -> set[str]:
    """Return the words of family, given and middle name in every spelling.

    Titles (the fourth and fifth component) are left out: `MR` would match everywhere.
    """
    return {
        word
        for group in name.split("=")
        for component in group.split("^")[:3]
        for way in spellings(component)
        for word in folded_words(way)
        if len(word) >= _SHORTEST_WORD and not word.isdigit()
    }


def _joined_names(name: str) -> set[str]:
    """Return names run together, in both orders; initials as well."""
    joined: set[str] = set()
    for group in name.split("="):
        components = group.split("^")
        for way in spellings(components[0]):
            family = "".join(folded_words(way))
            given = "".join(folded_words(components[1])) if len(components) > 1 else ""
            joined |= {family, family + given, given + family}
    return {one for one in joined if len(one) >= _SHORTEST_WORD}


def _as_bytes(tokens: Iterable[str], *, digits: bool) -> tuple[bytes, ...]:
    found: set[bytes] = set()
    for token in tokens:
        if token.isascii():
            if not token.isdigit() or (
                digits and len(token) >= _SHORTEST_BINARY_NUMBER
            ):
                found |= {token.encode(), token.encode("utf-16-le")}
            continue
        for encoding in ("utf-8", "utf-16-le", "latin-1", "gb18030", "shift_jis"):
            written = token.encode(encoding, "ignore")
            if len(written) >= _SHORTEST_PART:
                found.add(written.lower())
    return tuple(sorted(found))
