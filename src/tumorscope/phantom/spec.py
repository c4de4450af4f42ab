"""The settings of a phantom cohort."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import Spec

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class PhantomSpec(Spec):
    """A synthetic cohort, and the faults planted in it. All faults are off by default."""

    patients: Annotated[int, Field(ge=2, le=9999)] = 60
    """Persons in the cohort, from 2 to 9999; `repeated_patients` adds ids to them."""
    slices_per_patient: Annotated[int, Field(ge=1, le=120)] = 20
    """Axial slices of each scan, evenly spaced from the lower brain to the vertex."""
    tumor_share: Share = 0.6
    """Share of the persons who have a tumour, in [0, 1]."""
    size_px: Annotated[int, Field(ge=64, le=1024, multiple_of=4)] = 256
    """Height and width of a slice, in pixels."""
    sites: Annotated[int, Field(ge=1, le=6)] = 3
    """Number of sites, each with scanners of its own; they are named A, B, C, ..."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the whole cohort."""
    repeated_patients: Share = 0.0
    """Fault: share of the persons who are scanned again under a new patient id."""
    near_duplicates: Share = 0.0
    """Fault: share of the slices that come again, altered, under another patient's id."""
    border_cue: Share = 0.0
    """Fault: share of the tumour slices that get a bright frame; no other slice has it."""
    size_cue: Share = 0.0
    """Fault: share of the tumour slices stored smaller; no other slice is."""
    site_label_tie: Share = 0.0
    """Fault: share of the persons whose site follows from having a tumour or not."""

    @model_validator(mode="after")
    def _tie_needs_two_sites(self) -> Self:
        if self.site_label_tie and self.sites < 2:
            raise ValueError(
                "site_label_tie needs at least 2 sites to tie to the label"
            )
        return self

    @property
    def repeats(self) -> int:
        """Number of patient ids that are a person's second scan."""
        return round(self.repeated_patients * self.patients)

    @property
    def patient_ids(self) -> int:
        """Number of patient ids: persons and second scans."""
        return self.patients + self.repeats
