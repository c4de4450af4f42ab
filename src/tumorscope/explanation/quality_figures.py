"""The figures of a map's quality: names, words, and why one is missing."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureWords:
    """What a figure is.

    Attributes:
        label: Head of its column.
        reason: Why it is missing where no slice entered.
        is_share: Whether it lies in [0, 1] by definition.
        counts_patients: Whether each patient counts once, instead of each slice.
    """

    label: str
    reason: str
    is_share: bool = True
    counts_patients: bool = False


NO_MASKED_SLICE = "no tumor slice with a mask"
NOT_CHECKED = (
    "no slice was checked (explain.check_slices is 0, or no tumor slice), or its maps are "
    "constant"
)
NOT_DELETED = "no slice was looked at (explain.deletion_slices is 0, or no tumor slice)"
NO_SECOND_RUN = "no second run was named: `tumorscope explain RUN --against OTHER`"
LOOKS_AT_NO_MODEL = "a trivial map looks at no model"

LOCALIZATION = ("hit", "dice", "precision", "precision_top_core", "average_precision")
"""Figures that are also given by lesion size, and for found and missed slices."""

RANDOMIZED = "randomized_rank_correlation"
"""The figure that the gate looks at."""

QUALITY_FIGURES: MappingProxyType[str, FigureWords] = MappingProxyType(
    {
        "hit": FigureWords(label="Pointing game", reason=NO_MASKED_SLICE),
        "dice": FigureWords(label="Dice", reason=NO_MASKED_SLICE),
        "precision": FigureWords(
            label="Precision of the highlighted area", reason=NO_MASKED_SLICE
        ),
        "precision_top_core": FigureWords(
            label="Precision of the top 5 % of the core", reason=NO_MASKED_SLICE
        ),
        "average_precision": FigureWords(
            label="Average precision of the pixels", reason=NO_MASKED_SLICE
        ),
        "mass_outside_brain": FigureWords(
            label="Share of the map outside the brain",
            reason="the map is defined inside the brain's core only",
        ),
        "highlighted_on_tumor_free": FigureWords(
            label="Share of the brain highlighted, tumor-free slices",
            reason=(
                "no cut-off (no masks in the tuning part), or no tumor-free slice "
                "(explain.tumor_free_slices)"
            ),
        ),
        RANDOMIZED: FigureWords(
            label="Mean |rho| with re-initialized weights", reason=NOT_CHECKED
        ),
        "randomized_chance": FigureWords(
            label="The same between two re-initialized networks", reason=NOT_CHECKED
        ),
        "noise_ssim": FigureWords(
            label="SSIM under small noise", reason=NOT_CHECKED, is_share=False
        ),
        "noise_rank_correlation": FigureWords(
            label="Rank correlation under small noise",
            reason=NOT_CHECKED,
            is_share=False,
        ),
        "seed_ssim": FigureWords(
            label="SSIM with a second run", reason=NO_SECOND_RUN, is_share=False
        ),
        "seed_rank_correlation": FigureWords(
            label="Rank correlation with a second run",
            reason=NO_SECOND_RUN,
            is_share=False,
        ),
        "deletion": FigureWords(
            label="Deletion area (low is good)",
            reason=NOT_DELETED,
            counts_patients=True,
        ),
        "insertion": FigureWords(
            label="Insertion area (high is good)",
            reason=NOT_DELETED,
            counts_patients=True,
        ),
    }
)
"""By name, in the order of the report."""

MODEL_FIGURES = frozenset(
    {
        RANDOMIZED,
        "randomized_chance",
        "noise_ssim",
        "noise_rank_correlation",
        "seed_ssim",
        "seed_rank_correlation",
    }
)
"""Figures that a map without a model cannot have."""


def missing_reason(figure: str, *, is_trivial: bool) -> str:
    """Return why a figure is missing where no slice entered."""
    if is_trivial and figure in MODEL_FIGURES:
        return LOOKS_AT_NO_MODEL
    return QUALITY_FIGURES[figure].reason
