"""The base of every spec: frozen, and a misspelt key is an error.

The docstring under a field says its meaning; `field_meanings` reads it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]
OpenShare = Annotated[float, Field(gt=0.0, lt=1.0)]


class Spec(BaseModel):
    """Settings of one stage: frozen, unknown keys refused, saved with the result."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
    )
