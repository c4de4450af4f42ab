"""What each mode promises, and what it must never be said to promise.

References:
    45 CFR 164.514(b)(2) and (c); GDPR, Articles 4(1), 4(5) and 26; DICOM PS3.15, Annex E.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tumorscope.domain.deid_spec import DeidMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The words of one mode.

    Attributes:
        promises: What was done, and what follows.
        promises_not: What does not follow.
    """

    promises: tuple[str, ...]
    promises_not: tuple[str, ...]


_NEVER = (
    "Not anonymous: the anatomy of a brain alone can link scans of one person, and what "
    "counts as anonymous is decided about a release, not about a file.",
    "Pixels are let through or held back by what their headers say, unless `deid.pixels` "
    "asks for more; a search misses some text. Faces are judged by the outline of the "
    "head, and removed only where `deid.faces` asks for it; single slices are not judged.",
    "Compliance with HIPAA or GDPR is a property of an organization, not of a program.",
)
CLAIMS: Mapping[DeidMode, Claims] = MappingProxyType(
    {
        DeidMode.research: Claims(
            promises=(
                "Pseudonymized: personal data for whoever holds the vault and its key.",
                "The same patient gets the same pseudonym, identifiers and date offset "
                "in every run with this vault; intervals between dates are exact.",
                "`tumorscope deid forget` deletes the link of a patient for good.",
            ),
            promises_not=(
                *_NEVER,
                "Not Safe Harbor: dates are shifted, not reduced to years. It needs an "
                "expert's determination or a limited data set.",
            ),
        ),
        DeidMode.one_way: Claims(
            promises=(
                "No key was kept: pseudonyms follow from secrets that existed in this "
                "run only.",
                "A patient is one person within this run; intervals are exact.",
            ),
            promises_not=(
                *_NEVER,
                "A later run gives the same patient another pseudonym: follow-up scans "
                "cannot be joined.",
            ),
        ),
        DeidMode.safe_harbor: Claims(
            promises=(
                "Prepared for Safe Harbor, 45 CFR 164.514(b)(2): the classes of "
                "identifiers that headers hold were removed or generalized; codes are "
                "random and follow from nothing about the person.",
                "Dates are years; ages above 89 are 90 and their years are removed.",
            ),
            promises_not=(
                *_NEVER,
                "Actual knowledge, rare faces and rare cases are not settled: class 17, "
                "full-face and comparable images, rests on `deid.faces=remove` or on the "
                "statement of whoever ran the command.",
            ),
        ),
    }
)
