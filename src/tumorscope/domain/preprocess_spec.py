"""How decoded pixels become what the network sees."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tumorscope.domain.spec import OpenShare, Spec


class PreprocessSpec(Spec):
    """From decoded pixels to what the network sees; the same in training and serving."""

    size_px: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 128
    """Height and width of the network's input, in pixels."""
    low_percentile: Annotated[float, Field(ge=0, lt=100)] = 1.0
    """Foreground percentile that is mapped to 0, in [0, 100)."""
    high_percentile: Annotated[float, Field(gt=0, le=100)] = 99.5
    """Foreground percentile that is mapped to 1, in (low_percentile, 100]."""
    foreground_share: OpenShare = 0.08
    """A pixel is foreground above this share of the image's 99.5th percentile."""
    margin_share: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    """Margin left around the foreground, as a share of its longer side."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must be below high_percentile")
        return self
