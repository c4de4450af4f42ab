"""How well the maps mark the lesion: pointing game and Dice, on every tumor slice.

Four steps, so that maps need not be in memory together: `masked_maps.choose_tau` fixes one
cut-off on the tuning part, `score_maps` scores slices, `SliceScores.joined` pools folds, and
`summarize_scores` turns them into figures with intervals over patients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.estimates import MetricEstimate
from tumorscope.estimation.bootstrap import sample_ratios, summarize
from tumorscope.estimation.metrics import RatioTerms
from tumorscope.estimation.resampling import PatientDraws
from tumorscope.explanation.masked_maps import MaskedMap, dice, largest_component

TOP_CORE_QUANTILE = 0.88
"""The cut-off without tuning: the top 12 % of the brain's core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceScores:
    """Scores of one method on tumor slices.

    Attributes:
        hit: Shape (slices,), bool: the maximum (first in row order) lies in the mask.
        dice: Shape (slices,), float64, in [0, 1]: largest component of the binary map.
        dice_all_components: Shape (slices,), float64, in [0, 1]: whole binary map.
        dice_top_core: Shape (slices,), float64, in [0, 1]: largest component of the top
            12 % of the core, which needs no tuning.
        taus: The cut-offs of `dice`, one for each fold; empty where it is the top 12 %.
    """

    hit: NDArray[np.bool_]
    dice: NDArray[np.float64]
    dice_all_components: NDArray[np.float64]
    dice_top_core: NDArray[np.float64]
    taus: tuple[float, ...]

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.hit)

    @staticmethod
    def joined(parts: Sequence[SliceScores]) -> SliceScores:
        """Pool the scores of several folds, in this order.

        Raises:
            DataError: If there is nothing to pool.
        """
        if not parts:
            raise DataError("no fold has scores: score at least one")
        return SliceScores(
            hit=np.concatenate([part.hit for part in parts]),
            dice=np.concatenate([part.dice for part in parts]),
            dice_all_components=np.concatenate(
                [part.dice_all_components for part in parts]
            ),
            dice_top_core=np.concatenate([part.dice_top_core for part in parts]),
            taus=tuple(tau for part in parts for tau in part.taus),
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
        estimates = {
            "pointing": self.pointing,
            "dice": self.dice,
            "dice_all_components": self.dice_all_components,
            "dice_top_core": self.dice_top_core,
        }
        return {
            "method": self.method,
            "rule": self.rule,
            "taus": list(self.taus),
            "n_slices": self.n_slices,
            "n_patients": self.n_patients,
            "dice_median": self.dice_median,
            **{name: _as_dict(estimate) for name, estimate in estimates.items()},
        }


def score_maps(slices: Iterable[MaskedMap], *, tau: float | None) -> SliceScores:
    """Score one method on the tumor slices of one fold.

    Args:
        slices: Maps beside their masks; may be a generator.
        tau: Cut-off from `choose_tau`, or None to use the top 12 % of the core, as for
            the brightness map.

    Returns:
        The scores, in the order of the slices.

    Raises:
        DataError: If there is no slice.

    References:
        Zhang et al. 2018, Top-down neural attention by excitation backprop (pointing
        game, here without tolerance); Dice 1945.
    """
    hits: list[bool] = []
    dices: list[tuple[float, float, float]] = []
    for each in slices:
        top_core = _top_of_core(each)
        binary = top_core if tau is None else each.map > tau
        hits.append(_points_into(each))
        dices.append(
            (
                dice(largest_component(binary), each.mask),
                dice(binary, each.mask),
                dice(largest_component(top_core), each.mask),
            )
        )
    if not hits:
        raise DataError("no tumor slice to score: masks are needed in the scored part")
    columns = np.array(dices, dtype=np.float64)  # (slices, 3)
    return SliceScores(
        hit=np.array(hits, dtype=np.bool_),
        dice=columns[:, 0],
        dice_all_components=columns[:, 1],
        dice_top_core=columns[:, 2],
        taus=() if tau is None else (tau,),
    )


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
        "pointing": scores.hit.astype(np.float64),
        "dice": scores.dice,
        "dice_all_components": scores.dice_all_components,
        "dice_top_core": scores.dice_top_core,
    }
    values = np.stack(list(columns.values()), axis=1)  # (slices, metrics)
    terms = RatioTerms(
        names=tuple(columns), numerator=values, denominator=np.ones_like(values)
    )
    reasons = dict.fromkeys(columns, "no tumor slice")
    samples = sample_ratios(terms, draws, reasons=reasons, shares=terms.names)
    means = summarize(samples, draws)
    return LocalizationScore(
        method=method,
        pointing=means["pointing"],
        dice=means["dice"],
        dice_median=float(np.median(scores.dice)),
        dice_all_components=means["dice_all_components"],
        dice_top_core=means["dice_top_core"],
        taus=scores.taus,
        n_slices=len(scores),
        n_patients=draws.n_patients,
    )


def _points_into(each: MaskedMap) -> bool:
    if each.map.min() == each.map.max():
        return False  # a constant map points nowhere
    return bool(each.mask.flat[int(np.argmax(each.map))])


def _top_of_core(each: MaskedMap) -> NDArray[np.bool_]:
    if not each.core.any():
        return np.zeros_like(each.mask)
    cut = np.quantile(each.map[each.core], TOP_CORE_QUANTILE)
    return each.core & (each.map > cut)


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
