"""A data set, rewritten at every depth: one handler for each action, then the sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydicom.datadict import keyword_for_tag

from tumorscope.deid.dates import (
    cap_age,
    is_time,
    keep_year,
    shift_date,
    shift_date_time,
)
from tumorscope.deid.dummies import REMOVED, dummy_of
from tumorscope.deid.elements import (
    NUMBER_TEXT_VRS,
    TEXT_VRS,
    DataSet,
    Element,
    Encapsulated,
    MalformedFileError,
)
from tumorscope.deid.harvest import CHARACTER_SET
from tumorscope.deid.identity import IdentityTokens, is_registered
from tumorscope.deid.iod_types import attribute_type
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.plan import (
    CLASS_UIDS,
    COMPOUND,
    Action,
    Plan,
)
from tumorscope.deid.sweep import holds_token
from tumorscope.deid.table import BASIC_PROFILE
from tumorscope.deid.text import decode
from tumorscope.deid.vocabulary import allowed_words

_PURPOSE = 0x0040A170
_REFERENCE_VRS = frozenset(("UI", "IS", "US"))
SWEPT = "swept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """Rewrites the data sets of one patient in objects of one class.

    Attributes:
        plan: Action of each tag.
        keys: Replacements.
        tokens: What is known of the patient.
        sop_class: Decides of which type an attribute is.
        hides_years: Whether dates go entirely, because the patient is over 89 and years
            would show it (safe-harbor).
        counts: How often (tag, action) was done; filled while rewriting.
    """

    plan: Plan
    keys: PatientKeys
    tokens: IdentityTokens
    sop_class: str
    hides_years: bool = False
    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    _uids: dict[bytes, bytes] = field(default_factory=dict, init=False)

    def rewrite(
        self, elements: DataSet, *, place: tuple[int, ...] = (), character_set: bytes
    ) -> DataSet:
        """Return a data set after table, options and sweep.

        Args:
            elements: Data set of a file, or of an item.
            place: Tags of the sequences around it.
            character_set: Of the data set around it; empty for the default.

        Raises:
            MalformedFileError: If binary data hold a token of the patient.
        """
        kept: list[Element] = []
        for element in elements:
            if element.tag == CHARACTER_SET and isinstance(element.value, bytes):
                character_set = element.value.strip(b" \0")
            new = self._rewrite_element(element, place, character_set)
            if new is not None:
                kept.append(new)
        return tuple(kept)

    def replace_uids(self, value: bytes) -> bytes:
        """Return the UIDs of a value replaced, those of the standard's registry kept."""
        known = self._uids.get(value)
        if known is None:
            parts = value.decode("latin-1").split("\\")
            known = "\\".join(map(self._replace_uid, parts)).encode("latin-1")
            self._uids[value] = known
        return known

    def _replace_uid(self, text: str) -> str:
        uid = text.strip(" \0")
        return uid if is_registered(uid) or not uid else self.keys.replace_uid(uid)

    def _rewrite_element(
        self, element: Element, place: tuple[int, ...], character_set: bytes
    ) -> Element | None:
        action = self.plan.action_of(element.tag, element.vr)
        if action is Action.KEEP:
            return self._sweep(element, character_set)
        if action is Action.WALK:
            return self.walk(element, place, character_set)
        if action in COMPOUND:
            action = self._resolve(action, element.tag, place)
        new = _HANDLERS[action](self, element, place, character_set)
        self.counts[element.tag, action.value if new is not None else "X"] += 1
        return new

    def _resolve(self, action: Action, tag: int, place: tuple[int, ...]) -> Action:
        """Return the one action that a compound means for this object.

        Type 1 needs a value, type 2 an attribute, type 3 nothing (PS3.15, E.1.1).
        """
        keywords = tuple(keyword_for_tag(one) for one in place)
        kind = attribute_type(self.sop_class, keywords, keyword_for_tag(tag))
        wanted = {1: "DZX", 2: "ZDX", 3: "XZD"}[kind]
        codes = action.value.split("/")
        return Action(next(code for code in wanted if code in codes))

    def fall_back(
        self, element: Element, place: tuple[int, ...], character_set: bytes
    ) -> Element | None:
        """Handle an element as the table does without options."""
        action = Action(BASIC_PROFILE.get(element.tag, "X"))
        if action in COMPOUND:
            action = self._resolve(action, element.tag, place)
        return _HANDLERS[action](self, element, place, character_set)

    def walk(
        self, element: Element, place: tuple[int, ...], character_set: bytes
    ) -> Element:
        """Return a sequence with every item rewritten."""
        if isinstance(element.value, bytes | Encapsulated):
            raise MalformedFileError("bad-item")
        inner = (*place, element.tag)
        items = tuple(
            self.rewrite(item, place=inner, character_set=character_set)
            for item in element.value
        )
        return Element(element.tag, "SQ", items)

    def _sweep(self, element: Element, character_set: bytes) -> Element:
        """Return an element that stays, unless it holds what is known of the patient."""
        if not holds_token(element, character_set, self.tokens):
            return element
        if element.vr[0] == "O":
            raise MalformedFileError("identifier-in-binary")
        self.counts[element.tag, SWEPT] += 1
        dummy = b"0" if element.vr in NUMBER_TEXT_VRS else REMOVED
        return Element(element.tag, element.vr, dummy)


Handler = Callable[[Rewriter, Element, tuple[int, ...], bytes], Element | None]


def _remove(*_: object) -> None:
    return None


def _refuse(*_: object) -> None:
    raise MalformedFileError("wrong-representation")


def _empty(_: Rewriter, element: Element, *__: object) -> Element:
    return Element(element.tag, element.vr, () if element.vr == "SQ" else b"")


def _dummy(rewriter: Rewriter, element: Element, *_: object) -> Element:
    return dummy_of(element, rewriter.keys)


def _uid(rewriter: Rewriter, element: Element, *_: object) -> Element:
    if not isinstance(element.value, bytes):
        return dummy_of(element, rewriter.keys)
    if element.tag in CLASS_UIDS:
        return element
    return Element(element.tag, element.vr, rewriter.replace_uids(element.value))


def _pseudonym(rewriter: Rewriter, element: Element, *_: object) -> Element:
    return Element(element.tag, element.vr, rewriter.keys.pseudonym.encode())


def _references(
    rewriter: Rewriter, element: Element, place: tuple[int, ...], character_set: bytes
) -> Element:
    """Keep references, their UIDs replaced, and nothing else that an item holds.

    X/Z/U* leaves the choice; without the references a segmentation would no longer say
    which images it belongs to.
    """
    items = element.value
    if isinstance(items, bytes | Encapsulated):
        raise MalformedFileError("bad-item")
    narrowed = tuple(
        tuple(one for one in item if one.vr in _REFERENCE_VRS or one.tag == _PURPOSE)
        for item in items
    )
    reduced = Element(element.tag, "SQ", narrowed)
    return rewriter.walk(reduced, place, character_set)


def _describe(
    rewriter: Rewriter, element: Element, place: tuple[int, ...], character_set: bytes
) -> Element | None:
    """Keep the listed words of a description; without any, the table decides."""
    if isinstance(element.value, bytes) and element.vr in TEXT_VRS:
        text = decode(element.value, character_set)
        kept = allowed_words(text, rewriter.tokens.words)
        if kept:
            return Element(element.tag, element.vr, kept.encode())
        if element.tag not in BASIC_PROFILE:
            return Element(element.tag, element.vr, REMOVED)
    return rewriter.fall_back(element, place, character_set)


def _age(
    rewriter: Rewriter, element: Element, place: tuple[int, ...], character_set: bytes
) -> Element | None:
    if isinstance(element.value, bytes):
        capped = cap_age(decode(element.value, character_set))
        if capped is not None:
            return Element(element.tag, element.vr, capped.encode())
    return rewriter.fall_back(element, place, character_set)


def _date(
    rewriter: Rewriter, element: Element, place: tuple[int, ...], character_set: bytes
) -> Element | None:
    """Move each value of DA, DT or TM; one that is none is handled as by the table."""
    value = element.value
    if value == b"":
        return element
    if isinstance(value, bytes) and not rewriter.hides_years:
        parts = value.decode("latin-1").split("\\")
        moved = [_moved(rewriter, element.vr, part.strip(" \0")) for part in parts]
        texts = [text for text in moved if text is not None]
        if len(texts) == len(moved):
            return Element(element.tag, element.vr, "\\".join(texts).encode())
    return rewriter.fall_back(element, place, character_set)


def _moved(rewriter: Rewriter, vr: str, text: str) -> str | None:
    if rewriter.plan.spec.date_rule == "year":
        return None if vr == "TM" else keep_year(text)
    if vr == "DA":
        return shift_date(text, rewriter.keys.offset_days)
    if vr == "DT":
        return shift_date_time(text, rewriter.keys.offset_days)
    return text if is_time(text) else None


_HANDLERS: Mapping[Action, Handler] = {
    Action.REMOVE: _remove,
    Action.REFUSE: _refuse,
    Action.EMPTY: _empty,
    Action.DUMMY: _dummy,
    Action.UID: _uid,
    Action.REFERENCES: _references,
    Action.PSEUDONYM: _pseudonym,
    Action.DESCRIBE: _describe,
    Action.AGE: _age,
    Action.DATE: _date,
}
HANDLED_ACTIONS = frozenset(_HANDLERS) | COMPOUND | {Action.KEEP, Action.WALK}
"""Every action that has a handler; a test compares it with the table."""
