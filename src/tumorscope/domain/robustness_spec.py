"""Which artifacts the tested slices are corrupted with, and how strongly."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from tumorscope.domain.spec import Spec

ArtifactName = Literal[
    "motion",
    "ghost",
    "spike",
    "bias",
    "Rician",
    "blur/Gibbs",
    "gamma",
    "down-sample",
    "JPEG",
]
Severity = Annotated[int, Field(ge=1, le=5)]
DEFINED_ARTIFACTS: tuple[ArtifactName, ...] = (
    "motion",
    "ghost",
    "spike",
    "bias",
    "Rician",
    "blur/Gibbs",
    "gamma",
    "down-sample",
)
"""The eight that the mean figures are taken over. Their names are part of the seeds."""
ALL_ARTIFACTS: tuple[ArtifactName, ...] = (*DEFINED_ARTIFACTS, "JPEG")
SEVERITIES = (1, 2, 3, 4, 5)


class RobustnessSpec(Spec):
    """Which artifacts the tested slices are corrupted with, and how strongly."""

    artifacts: tuple[ArtifactName, ...] = ALL_ARTIFACTS
    """Artifacts, in the order of the report. Means need all eight MRI artifacts; JPEG
    stands beside them and enters no mean."""
    severities: tuple[Severity, ...] = SEVERITIES
    """Severities, from 1 (mild) to 5 (severe)."""
    missing_sequences: bool = True
    """Whether T1 before or after contrast is also replaced, by FLAIR and by zeros."""
    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Share of the clean slices that is decided, the most confident first; it fixes the
    confidence below which a corrupted slice counts as abstained on."""

    @field_validator("artifacts", "severities")
    @classmethod
    def _listed_once(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if not values:
            raise ValueError("name at least one")
        if len(set(values)) < len(values):
            raise ValueError("one is listed twice")
        return values


class RobustnessSettings(Spec):
    """What the command takes by `--set`."""

    robustness: RobustnessSpec = RobustnessSpec()
    """Which artifacts the tested slices are corrupted with, and how strongly."""
