"""Settings of de-identification: what is kept on purpose, and under which promise."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import Spec

DateRule = Literal["shift", "year", "remove"]
PatientSource = Literal["header", "folder"]
PixelRule = Literal["header", "search", "clear"]
FaceRule = Literal["flag", "hold", "remove", "deface"]


class DeidMode(StrEnum):
    """Three promises; each says in words what it does and does not claim."""

    safe_harbor = "safe-harbor"
    research = "research"
    one_way = "one-way"

    @property
    def needs_vault(self) -> bool:
        """Whether the secrets of this mode outlive the run."""
        return self is DeidMode.research


class DeidSpec(Spec):
    """How files are de-identified.

    With every option off the result is the Basic Profile of DICOM PS3.15 Annex E. The
    defaults are those of `research`: what fairness and follow-up need is kept.
    """

    mode: DeidMode = DeidMode.research
    """`research` (keys in a vault), `one-way` (keys dropped at the end) or `safe-harbor`
    (45 CFR 164.514(b)(2): fresh random codes, years only)."""
    dates: DateRule | None = None
    """`shift` by one number of days for each patient, `year` only, or `remove`. Unset:
    `year` for safe-harbor, `shift` otherwise."""
    keep_characteristics: bool = True
    """Keep sex, age up to 89 (above: 90), size and weight, without which no fairness
    between groups can be measured (option 113108)."""
    clean_descriptors: bool = True
    """Keep the words of descriptions that stand on the list of MRI words, and no other
    (option 113105); off: descriptions go as the Basic Profile says."""
    retain_uids: bool = False
    """Keep unique identifiers as they are (option 113110). They lead back to the source
    for anyone with access to the archive."""
    retain_device: bool = False
    """Keep station name and serial numbers, for studies of scanner shift (113109)."""
    patient_from: PatientSource = "header"
    """Whose file it is: `header` of the DICOM file, or, for files that name nobody, the
    `folder` directly below the input."""
    accept_deidentified: bool = False
    """Take files that already say Patient Identity Removed = YES."""
    face_free: str = ""
    """Why no face can be seen in the images, e.g. "skull-stripped"; safe-harbor refuses
    images without it, unless `faces` removed all but the brain. Stands in the report as
    the word of who ran the command."""
    pixels_reviewed: str = ""
    """Who looked at the images that headers alone would refuse (screenshots, secondary
    captures), and found no text. Stands in the report; nothing else is claimed."""
    pixels: PixelRule = "header"
    """What is done about text in pixels of MR images, NIfTI volumes and pictures: `header`
    gates by the header only; `search` also holds back images in which text is or may be;
    `clear` sets everything outside the head to the background and holds back text on the
    head (113101)."""
    faces: FaceRule = "hold"
    """What is done about volumes of a head that may show a face: `flag` them in the report
    and let them through; `hold` them back; `remove` all but the brain (113102); `deface`,
    which cuts the face off and leaves skull and scalp, and earns no code. A volume whose
    brain cannot be found is held back by the last two. Not looked at where `face_free`
    says why there is none."""
    small_cell: int = Field(default=5, ge=2, le=1000)
    """Combinations of age and sex that fewer patients share are listed; patients."""

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        """Refuse what Safe Harbor does not allow."""
        if self.mode is not DeidMode.safe_harbor:
            return self
        if self.date_rule == "shift":
            raise ValueError("safe-harbor allows years at most: set dates to year")
        if self.retain_uids or self.retain_device:
            raise ValueError(
                "safe-harbor removes device numbers and unique codes: leave "
                "retain_uids and retain_device off"
            )
        return self

    @property
    def date_rule(self) -> DateRule:
        """What is done with dates, the default of the mode filled in."""
        if self.dates is not None:
            return self.dates
        return "year" if self.mode is DeidMode.safe_harbor else "shift"


class DeidSettings(Spec):
    """The section `deid` of a settings file."""

    deid: DeidSpec = DeidSpec()
    """De-identification."""
