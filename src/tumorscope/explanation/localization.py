"""How well the maps mark the lesion, on every tumor slice: pointing, Dice, precision.

Steps, so that maps need not be in memory together: `masked_maps.choose_tau` fixes one
cut-off on the tuning part, `map_score.score_map` scores a slice, `SliceScores` pools slices
and folds, and `summarize_scores` turns them into figures with intervals over patients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.explanation.map_score import MapScore, score_map
from tumorscope.explanation.masked_maps import MaskedMap
from tumorscope.explanation.mean_figures import estimate_means


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceScores:
    """Scores of one method on tumor slices.

    Attributes:
        hit: Shape (slices,), bool: the maximum (first in row order) lies in the mask.
        dice: Shape (slices,), float64, in [0, 1]: largest component of the binary map.
        dice_all_components: Shape (slices,), float64, in [0, 1]: whole binary map.
        dice_top_core: Shape (slices,), float64, in [0, 1]: largest component of the top
            12 % of the core, which needs no tuning.
        precision: Shape (slices,), float64, in [0, 1]: share of the largest component
            that lies in the mask; 0 where it is empty.
        precision_top_core: Shape (slices,), float64, in [0, 1]: the same of the top 5 %
            of the core.
        average_precision: Shape (slices,), float64, in [0, 1], of the pixels.
        taus: The cut-offs of `dice`, one for each fold; empty where it is the top 12 %.
    """

    hit: NDArray[np.bool_]
    dice: NDArray[np.float64]
    dice_all_components: NDArray[np.float64]
    dice_top_core: NDArray[np.float64]
    precision: NDArray[np.float64]
    precision_top_core: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    taus: tuple[float, ...]

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.hit)

    @classmethod
    def of(cls, scores: Sequence[MapScore], *, tau: float | None) -> Self:
        """Gather the scores of slices that share a cut-off.

        Raises:
            DataError: If there is no slice.
        """
        if not scores:
            raise DataError(
                "no tumor slice to score: masks are needed in the scored part"
            )
        columns = {
            field.name: np.array([getattr(score, field.name) for score in scores])
            for field in fields(MapScore)
        }
        columns["hit"] = columns["hit"].astype(np.bool_)
        return cls(**columns, taus=() if tau is None else (tau,))

    @staticmethod
    def joined(parts: Sequence[SliceScores]) -> SliceScores:
        """Pool the scores of several folds, in this order.

        Raises:
            DataError: If there is nothing to pool.
        """
        if not parts:
            raise DataError("no fold has scores: score at least one")
        columns = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(MapScore)
        }
        return SliceScores(
            **columns, taus=tuple(tau for part in parts for tau in part.taus)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizationScore:
    """How well one method marks the lesion, means over all tumor slices.

    Attributes:
        method: Name of the method or trivial map.
        pointing: Share of slices whose maximum lies in the mask.
        dice: Mean Dice of the binary map's largest component.
        dice_median: Median of the same over slices.
        dice_all_components: Mean Dice of the whole binary map.
        dice_top_core: Mean Dice of the top 12 % of the core, largest component.
        precision: Mean share of the largest component that lies in the mask.
        precision_top_core: The same of the top 5 % of the core.
        average_precision: Mean average precision of the pixels.
        taus: Cut-offs of `dice`, one for each fold; empty where it is the top 12 %.
        n_slices: Tumor slices that were scored.
        n_patients: Their patients (or groups).
    """

    method: str
    pointing: MetricEstimate
    dice: MetricEstimate
    dice_median: float
    dice_all_components: MetricEstimate
    dice_top_core: MetricEstimate
    precision: MetricEstimate
    precision_top_core: MetricEstimate
    average_precision: MetricEstimate
    taus: tuple[float, ...]
    n_slices: int
    n_patients: int

    @property
    def rule(self) -> str:
        """How the map was made binary, in words for the report."""
        if not self.taus:
            return "top 12 % of the brain's core"
        cuts = ", ".join(f"{tau:.3g}" for tau in self.taus)
        return f"map above {cuts} (best mean Dice on the tuning part)"

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for a JSON file; what cannot be assessed is null."""
        return {
            "method": self.method,
            "rule": self.rule,
            "taus": list(self.taus),
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "dice_median": self.dice_median,
            **{name: _as_dict(getattr(self, name)) for name in LOCALIZATION_FIGURES},
        }


LOCALIZATION_FIGURES = (
    "pointing",
    "dice",
    "dice_all_components",
    "dice_top_core",
    "precision",
    "precision_top_core",
    "average_precision",
)
"""The figures of a `LocalizationScore`, in the order of the report."""


def score_maps(slices: Iterable[MaskedMap], *, tau: float | None) -> SliceScores:
    """Score one method on the tumor slices of one fold.

    Args:
        slices: Maps beside their masks; may be a generator.
        tau: As for `score_map`.

    Returns:
        The scores, in the order of the slices.

    Raises:
        DataError: If there is no slice.
    """
    return SliceScores.of([score_map(each, tau=tau) for each in slices], tau=tau)


def summarize_scores(
    method: str, scores: SliceScores, draws: PatientDraws
) -> LocalizationScore:
    """Turn scores of slices into means with intervals over patients.

    Args:
        method: Name of the method.
        scores: One method's scores.
        draws: Bootstrap draws over the patients of the same slices, in the same order.
            Give the same draws to every method, so that they can be compared.

    Returns:
        The figures, with the intervals of shares; with fewer than two patients they
        cannot be assessed.

    Raises:
        DataError: If scores and draws have different numbers of slices.
    """
    if len(scores) != len(draws.patient_of_slice):
        raise DataError(
            f"{method}: {len(scores)} scored slices, but draws for "
            f"{len(draws.patient_of_slice)}: draw from the patients of the scored slices"
        )
    columns = {
        name: getattr(scores, "hit" if name == "pointing" else name).astype(np.float64)
        for name in LOCALIZATION_FIGURES
    }
    means = estimate_means(
        columns,
        draws,
        reasons=dict.fromkeys(columns, "no tumor slice"),
        shares=LOCALIZATION_FIGURES,
    )
    return LocalizationScore(
        method=method,
        **means,
        dice_median=float(np.median(scores.dice)),
        taus=scores.taus,
        n_slices=len(scores),
        n_patients=draws.n_patients,
    )


def _as_dict(estimate: MetricEstimate) -> dict[str, Any]:
    figures = {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
    }
    return {
        **{key: None if math.isnan(each) else each for key, each in figures.items()},
        "level": estimate.level,
        "resampled": estimate.resampled,
        "reason": estimate.reason,
    }
