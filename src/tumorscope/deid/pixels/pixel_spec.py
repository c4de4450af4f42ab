"""Settings of the search for burned-in text, and of the removal of faces."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import Spec

InsideRule = Literal["quarantine", "cover"]
FaceRemoval = Literal["strip", "deface"]


class TextSpec(Spec):
    """When rows of strokes are called text."""

    text_score: float = Field(default=5.0, ge=-20, le=20)
    """Log odds from which a row of strokes is called text."""
    unsure_score: float = Field(default=2.5, ge=-20, le=20)
    """Log odds from which it may be text: the frame is neither clean nor text."""
    inside_head: InsideRule = "quarantine"
    """Text that lies on the head: hold the file back, or `cover` it with boxes. A box
    hides what lies below it, which may be a lesion."""

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.unsure_score > self.text_score:
            raise ValueError("unsure_score must not be above text_score")
        return self


class BrainSpec(Spec):
    """How the brain is cut out, and which masks are believed."""

    working_mm: float = Field(default=2.0, ge=0.5, le=4.0)
    """Spacing that the mask is found at; mm."""
    tissue_share: float = Field(default=0.6, gt=0, lt=1)
    """Share of the brain's middle intensity above which a voxel is tissue."""
    neck_mm: float = Field(default=8.0, ge=1, le=12)
    """Bridges between brain and other tissue up to twice as wide are cut; mm."""
    gyrus_mm: float = Field(default=4.0, ge=1, le=12)
    """Tissue more than twice as thick, and near the brain, belongs to it; mm."""
    closing_mm: float = Field(default=9.0, ge=0, le=25)
    """Sulci and dark lesions up to twice as wide are filled; mm."""
    margin_mm: float = Field(default=3.0, ge=0, le=6)
    """Added around the brain, into fluid and bone, so that no cortex is cut; mm."""
    skin_mm: float = Field(default=4.0, ge=0, le=12)
    """What lies less deep below the surface of the head is never brain; mm."""
    smallest_ml: float = Field(default=300.0, ge=0)
    """A mask of less volume did not find the brain; ml."""
    largest_ml: float = Field(default=2200.0, gt=0)
    """A mask of more volume holds more than the brain; ml."""
    least_solidity: float = Field(default=0.85, ge=0, le=1)
    """Share of its convex outline that the largest section must fill."""
    largest_leak: float = Field(default=0.4, ge=0, le=1)
    """Share of bright tissue just outside the mask above which it ends inside tissue:
    an intact brain is surrounded by dark bone."""
    deface_margin_mm: float = Field(default=8.0, ge=0, le=30)
    """Distance of the cut that removes the face from the brain; mm."""
