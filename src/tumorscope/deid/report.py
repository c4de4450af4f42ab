"""What a run of de-identification did: tags, actions and codes, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import keyword_for_tag

from tumorscope.deid.anonymity import Anonymity
from tumorscope.deid.reasons import REASONS
from tumorscope.domain.deid_spec import DeidSpec

PRIVATE = "private elements"
CURVES = "curves and overlays"
ACTION_WORDS = {
    "X": "removed",
    "Z": "emptied",
    "D": "replaced by a dummy",
    "U": "replaced by a new identifier",
    "X/Z/U*": "references kept, their identifiers replaced",
    "date": "moved",
    "age": "kept, capped at 90",
    "describe": "cut to listed words",
    "pseudonym": "replaced by the pseudonym",
    "swept": "held what is known of the patient: replaced",
    "cleaned": "cleaned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCount:
    """How often one thing was done.

    Attributes:
        field: Tag with keyword, or the name of a field of another format.
        action: Code, see `ACTION_WORDS`.
        elements: How often, over all files.
    """

    field: str
    action: str
    elements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A file that was not written.

    Attributes:
        number: Its place among the sorted files of the input, from 1. Its name is not
            told, because names of files are names of patients too often.
        sha256: Of its content; empty where it could not be read.
        code: Reason, see `tumorscope.deid.reasons`.
    """

    number: int
    sha256: str
    code: str

    @property
    def words(self) -> str:
        """The reason in words."""
        return REASONS[self.code]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """What reading the output again came to.

    Attributes:
        n_read: Files read again, each to its last byte.
        n_witnessed: Of these, read by pydicom as well: one of each series.
        n_withdrawn: Files that did not pass, and were taken back.
    """

    n_read: int
    n_witnessed: int
    n_withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRecord:
    """One head volume, and what became of its face.

    Attributes:
        number: Of its first file among the sorted files of the input, from 1.
        n_files: Files.
        n_slices: Slices.
        verdict: Whether it may show a face.
        because: Why.
        outcome: "let through", "held back", "stripped" or "defaced".
        is_borrowed: Whether the brain mask is that of another sequence of the same frame
            of reference.
        brain_ml: Of the mask; None where none was made.
        removed_ml: What was cleared of the head; None where nothing was.
        rim_ml: Tissue as bright as brain within 3 mm outside the mask; None where none
            was made. More brain than that was not cut off at the rim.
    """

    number: int
    n_files: int
    n_slices: int
    verdict: str
    because: str
    outcome: str
    is_borrowed: bool
    brain_ml: float | None
    removed_ml: float | None
    rim_ml: float | None

    @property
    def is_flagged(self) -> bool:
        """Whether a face may be seen in the source."""
        return self.verdict not in {"no face", "no volume"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeidReport:
    """One run.

    Attributes:
        spec: Settings.
        n_files: Files in the input.
        n_written: Finished files in the output, those of an earlier stop included.
        n_patients: Patients in the output.
        n_same: Files of the input that repeat another one byte for byte.
        actions: What was done, the most frequent first.
        quarantine: What was not written.
        check: The self-check.
        faces: Head volumes, in the order of their patients.
        anonymity: Groups by age and sex.
    """

    spec: DeidSpec
    n_files: int
    n_written: int
    n_patients: int
    n_same: int
    actions: tuple[ActionCount, ...]
    quarantine: tuple[Quarantined, ...]
    check: SelfCheck
    faces: tuple[FaceRecord, ...]
    anonymity: Anonymity


def count_actions(
    counts: Iterable[tuple[str, str, int]],
) -> tuple[ActionCount, ...]:
    """Add up what was done to many files.

    Args:
        counts: Tag as a decimal number, or the name of a field; action; how often.
    """
    total: Counter[tuple[str, str]] = Counter()
    for field, action, number in counts:
        total[_name_field(field), action] += number
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        ActionCount(field=field, action=action, elements=number)
        for (field, action), number in ordered
    )


@lru_cache(maxsize=4096)
def _name_field(field: str) -> str:
    """Return a tag with its keyword; private tags are told together."""
    if not field.isdigit():
        return field
    tag = int(field)
    if tag >> 16 & 1:
        return PRIVATE
    if tag >> 24 in {0x50, 0x60}:
        return CURVES
    written = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    return f"{written} {keyword_for_tag(tag)}".rstrip()
