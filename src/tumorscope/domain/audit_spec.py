"""Settings of `tumorscope audit`, and what counts as a failure."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.errors import ConfigError
from tumorscope.domain.group_columns import GroupColumn
from tumorscope.domain.shortcut_spec import CanarySpec, ShortcutSpec
from tumorscope.domain.spec import Spec

Share = Annotated[float, Field(ge=0.0, le=1.0)]
OpenShare = Annotated[float, Field(gt=0.0, lt=1.0)]


class AuditSpec(Spec):
    """How a cohort is audited.

    A column (a picture size, a missing sequence, a source) fails its gate when two things
    hold together: its p-value over patients, after Holm's correction, is at most `max_p`,
    so that it is no accident of few patients; and it separates the classes at least so
    well that a model could use it. The p-value alone would fail any large cohort for a
    trifle; the separation alone would fail small ones by luck.
    """

    max_unusable_share: Share = 0.01
    """Gate `unreadable-files` fails above this share of unusable files."""
    min_side_px: Annotated[int, Field(ge=1)] = 64
    """A slice with a shorter side than this is called tiny, in pixels."""
    max_aspect: Annotated[float, Field(ge=1)] = 2.0
    """A slice whose longer side is more than so many times the shorter one is elongated."""
    min_contrast: Share = 0.05
    """A slice whose values span less than this share of its depth is called faint."""
    min_marks_px: Annotated[int, Field(ge=1)] = 12
    """Bright pixels apart from the head, from which they are called marks."""
    max_p: OpenShare = 0.01
    """Largest adjusted p-value over patients at which a column can fail a gate."""
    min_trait_separation: Annotated[float, Field(ge=0.5, le=1.0)] = 0.55
    """Gate `suspicious-files`: smallest balanced accuracy of file trait to label."""
    min_source_separation: Annotated[float, Field(ge=0.5, le=1.0)] = 0.95
    """Gate `source-is-class`: smallest balanced accuracy of a source to the label."""
    min_copied_share: OpenShare = 0.9
    """Share of a patient's slices that must be copies before a sequence counts as missing."""
    permutations: Annotated[int, Field(ge=999, le=1_000_000)] = 9999
    """Random exchanges behind each p-value over patients."""
    groups: tuple[str, ...] = ("site", "sex", "age_years:40,60", "scanner")
    """Columns of the manifest that the cohort table is split by; `age_years:40,60` cuts a
    column into bands, each closed above."""
    lesion_edges_px: tuple[float, ...] = (200.0, 735.0, 1529.0, 2765.0)
    """Lesion sizes at which a stratum ends, in pixels at 256 x 256; the size itself
    belongs to the lower stratum."""
    bootstrap_draws: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """Draws of the bootstrap over patients, for the prevalence."""
    level: OpenShare = 0.95
    """Confidence level of the intervals."""
    pictures: Annotated[int, Field(ge=0, le=100)] = 4
    """Pictures of each kind of suspicious file on the page."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of permutations and bootstrap."""
    copies: CopySpec = CopySpec()
    """How copies of slices are searched."""
    shortcuts: ShortcutSpec = ShortcutSpec()
    """How shortcuts are probed."""
    canary: CanarySpec = CanarySpec()
    """How the leak canary is run."""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        edges = self.lesion_edges_px
        if not edges or any(low >= high for low, high in pairwise(edges)):
            raise ValueError("lesion_edges_px must hold numbers that rise")
        for text in self.groups:
            try:
                GroupColumn.parse(text)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return self
