"""Which groups of patients are compared, and by which rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import parse_groups
from tumorscope.domain.spec import Spec

GapName = Literal[
    "sensitivity_at_t95",
    "false_positive_rate_at_t95",
    "sensitivity",
    "false_positive_rate",
    "auroc",
    "debiased_ece",
    "brier",
    "abstained",
    "referred",
]
MIN_PERMUTATIONS = 1000


class FairnessSpec(Spec):
    """Which groups of patients are compared, and by which rules."""

    groups: tuple[str, ...] = (
        "sex",
        "age_years:40,60",
        "site",
        "scanner",
        "sex-x-age_years:40,60",
    )
    """Columns of the manifest, with the upper ends of bands after a colon; crossed by
    `-x-`. Listed before testing: every one counts for Holm's correction."""
    tested: tuple[GapName, ...] = ("sensitivity_at_t95", "auroc")
    """Gaps that get a p-value. The others have their interval and their null, no p."""
    min_patients: Annotated[int, Field(ge=2)] = 5
    """Patients below which a group is listed, but not compared."""
    min_patients_firm: Annotated[int, Field(ge=2)] = 10
    """The same for crossed groups and for the worst group's AUROC."""
    permutations: Annotated[int, Field(ge=MIN_PERMUTATIONS, le=100_000)] = 2000
    """Shufflings of the group labels over patients, scores fixed."""
    shuffle_within: Literal["site", "cohort"] = "site"
    """`site`: labels are shuffled among the patients of a site, so that each site keeps
    its mix. Groups that go with the site are always shuffled over the whole cohort."""
    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Share of all slices that is decided, the most confident first; the rest counts as
    abstained on."""
    probe: bool = True
    """Whether the network's features are probed for site and sex."""
    probed: tuple[str, ...] = ("site", "sex")
    """Groups that the probe looks for."""
    smallest_gain: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Gain in the worst group's AUROC that a mitigation must reach to be accepted."""
    largest_loss: Annotated[float, Field(ge=0, le=1)] = 0.003
    """Loss in overall AUROC that it may cost."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of shufflings and of the probe's folds."""

    @field_validator("groups", "probed")
    @classmethod
    def _readable(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                parse_groups(text)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        if len(set(texts)) < len(texts):
            raise ValueError("a group is listed twice")
        return texts
