"""Metrics of scored slices, for many sets of slice weights at once.

There are two kinds. A *ratio* is a weighted sum over a weighted sum (accuracy, precision,
Brier score, ...): sums over patients are enough to compute it for every draw. A *rank
metric* (AUROC, average precision) needs the slices sorted by score once; cumulative
weights then give it for every draw. An undefined metric is NaN here; it gets its reason
where it becomes a `MetricEstimate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LOG_CLIP = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Slices sorted by stratum, then from the highest score to the lowest.

    Attributes:
        rows: Shape (ranked,), int64, slices in that order.
        is_tumor: Shape (ranked,), bool, in that order.
        level_ends: Shape (levels,), int64, position of the last slice of each distinct
            score of a stratum: tied slices are taken together.
        stratum_bounds: Shape (strata + 1,), int64, first level of each stratum, then the
            number of levels.
    """

    rows: NDArray[np.int64]
    is_tumor: NDArray[np.bool_]
    level_ends: NDArray[np.int64]
    stratum_bounds: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioTerms:
    """Metrics that are a sum over slices divided by another one.

    Attributes:
        names: One for each metric.
        numerator: Shape (slices, metrics), float64.
        denominator: Shape (slices, metrics), float64, not negative; zero where a slice
            does not enter the metric.
    """

    names: tuple[str, ...]
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64]


def rank_slices(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    strata: NDArray[np.int64] | None = None,
) -> Ranking:
    """Sort slices once, for all draws.

    Args:
        labels: Shape (slices,), 0 or 1.
        scores: Shape (slices,), higher means tumour.
        strata: Shape (slices,); slices are compared within their stratum only, and a
            negative stratum leaves the slice out. None is one stratum of all slices.

    Returns:
        The ranking; empty if every slice is left out.
    """
    strata = np.zeros(len(labels), dtype=np.int64) if strata is None else strata
    kept = np.flatnonzero(strata >= 0)
    rows = kept[np.lexsort((-scores[kept], strata[kept]))]
    stratum, score = strata[rows], scores[rows]
    new_stratum = np.diff(stratum) != 0
    last = np.ones(len(rows), dtype=bool)
    last[:-1] = new_stratum | (np.diff(score) != 0)
    level_ends = np.flatnonzero(last)
    starts = np.flatnonzero(np.diff(stratum[level_ends])) + 1
    bounds = np.concatenate(([0], starts, [len(level_ends)]))
    return Ranking(
        rows=rows,
        is_tumor=labels[rows] == 1,
        level_ends=level_ends,
        stratum_bounds=bounds.astype(np.int64),
    )


def cumulative_counts(
    ranking: Ranking, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum the weights of tumour and tumour-free slices from the highest score down.

    Args:
        ranking: Slices sorted once.
        weights: Shape (draws, ranked), not negative, in the order of `ranking.rows`.

    Returns:
        Two arrays of shape (draws, levels + 1), starting at 0: weight of tumour slices
        (true positives) and of tumour-free slices (false positives) up to each level.
    """
    everything = _sum_down(ranking, weights)
    tumor = _sum_down(ranking, weights * ranking.is_tumor)
    everything -= tumor
    return tumor, everything


def auroc(
    ranking: Ranking, tumor: NDArray[np.float64], free: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of (tumour, tumour-free) pairs in the right order, ties half.

    With several strata, pairs are formed within a stratum: the result is the mean of the
    strata's AUROC weighted by their number of pairs.

    Args:
        ranking: Slices sorted once.
        tumor: Shape (draws, levels + 1), from `cumulative_counts`.
        free: Shape (draws, levels + 1), from `cumulative_counts`.

    Returns:
        Shape (draws,), in [0, 1]; NaN where no stratum has both classes.

    References:
        Hanley and McNeil (1982), Radiology 143:29-36 (trapezoid area = Wilcoxon).
    """
    bounds = ranking.stratum_bounds
    middle = (tumor[:, :-1] + tumor[:, 1:]) / 2
    concordant = np.einsum("ij,ij->i", middle, np.diff(free, axis=1))
    tumor_in, free_in = (
        np.diff(tumor[:, bounds], axis=1),
        np.diff(free[:, bounds], axis=1),
    )
    # Tumour slices of earlier strata were counted too: take those pairs away.
    concordant -= (tumor[:, bounds[:-1]] * free_in).sum(axis=1)
    return _divide(concordant, (tumor_in * free_in).sum(axis=1))


def average_precision(
    tumor: NDArray[np.float64], free: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean precision over tumour slices, tied slices taken together.

    Args:
        tumor: Shape (draws, levels + 1), from `cumulative_counts` of one stratum.
        free: Shape (draws, levels + 1), likewise.

    Returns:
        Shape (draws,), in [0, 1]; NaN where a class is absent.

    References:
        scikit-learn's `average_precision_score`: sum of precision times step of recall.
    """
    precision = _divide(tumor, tumor + free, otherwise=0.0)[:, 1:]
    area = np.einsum("ij,ij->i", np.diff(tumor, axis=1), precision)
    both_classes = (tumor[:, -1] > 0) & (free[:, -1] > 0)
    return _divide(area, np.where(both_classes, tumor[:, -1], 0.0))


def ratios(
    numerators: NDArray[np.float64], denominators: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Divide weighted sums of `RatioTerms`; NaN where the denominator is zero."""
    return _divide(numerators, denominators)


def threshold_terms(
    labels: NDArray[np.int64], is_above: NDArray[np.bool_]
) -> RatioTerms:
    """Return accuracy, precision, recall, F1, specificity and NPV as ratios.

    Args:
        labels: Shape (slices,), 0 or 1.
        is_above: Shape (slices,), whether the score is above the threshold (strictly).

    Returns:
        Terms named accuracy, precision, recall, f1, specificity, npv. Recall is the
        sensitivity; npv is the share of slices below the threshold that have no tumour.
    """
    positive = labels == 1
    hit, alarm = positive & is_above, ~positive & is_above
    miss, quiet = positive & ~is_above, ~positive & ~is_above
    pairs = {
        "accuracy": (hit | quiet, np.ones_like(hit)),
        "precision": (hit, is_above),
        "recall": (hit, positive),
        "f1": (2.0 * hit, 2.0 * hit + alarm + miss),
        "specificity": (quiet, ~positive),
        "npv": (quiet, ~is_above),
    }
    return _terms(pairs)


def probability_terms(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> RatioTerms:
    """Return Brier score and log loss as ratios.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1].

    Returns:
        Terms named brier (mean squared error, in [0, 1]) and log_loss (nats, with
        probabilities clipped to [eps, 1 - eps], eps of float64).

    References:
        Brier (1950), Monthly Weather Review 78:1-3, for one of two classes.
    """
    of_label = np.where(labels == 1, probabilities, 1 - probabilities)
    every = np.ones(len(labels))
    pairs = {
        "brier": ((probabilities - labels) ** 2, every),
        "log_loss": (-np.log(np.clip(of_label, LOG_CLIP, 1 - LOG_CLIP)), every),
    }
    return _terms(pairs)


def within_patient_terms(
    labels: NDArray[np.int64], scores: NDArray[np.float64], patients: pd.Series
) -> RatioTerms:
    """Return the mean of each patient's own AUROC as a ratio.

    Args:
        labels: Shape (slices,), 0 or 1.
        scores: Shape (slices,), higher means tumour.
        patients: Shape (slices,), patient ids, none missing.

    Returns:
        One term, within_patient_auroc. Patients with slices of both classes enter, each
        with weight 1, spread evenly over the patient's slices.
    """
    frame = pd.DataFrame({"label": labels, "score": scores, "patient": patients.array})
    by_patient = frame.groupby("patient", sort=False)
    rank = by_patient["score"].rank().to_numpy()
    tumor_rank = pd.Series(rank * labels).groupby(frame["patient"]).transform("sum")
    slices = by_patient["label"].transform("size").to_numpy(dtype=np.float64)
    tumor = by_patient["label"].transform("sum").to_numpy(dtype=np.float64)
    free = slices - tumor
    # Mann-Whitney: U = sum of the tumour slices' ranks - n1 (n1 + 1) / 2.
    wins = tumor_rank.to_numpy() - tumor * (tumor + 1) / 2
    own_auroc = _divide(wins, tumor * free, otherwise=0.0)
    weight = np.where(tumor * free > 0, 1 / slices, 0.0)
    return _terms({"within_patient_auroc": (own_auroc * weight, weight)})


def _sum_down(ranking: Ranking, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = len(ranking.level_ends)
    sums = np.zeros((len(weights), levels + 1))
    if levels == weights.shape[1]:
        np.cumsum(weights, axis=1, out=sums[:, 1:])
    else:
        sums[:, 1:] = np.cumsum(weights, axis=1)[:, ranking.level_ends]
    return sums


def _terms(
    pairs: Mapping[str, tuple[NDArray[Any], NDArray[Any]]],
) -> RatioTerms:
    numerators, denominators = zip(*pairs.values(), strict=True)
    return RatioTerms(
        names=tuple(pairs),
        numerator=np.stack(numerators, axis=1).astype(np.float64),
        denominator=np.stack(denominators, axis=1).astype(np.float64),
    )


def _divide(
    numerator: NDArray[np.float64],
    denominator: NDArray[np.float64],
    *,
    otherwise: float = np.nan,
) -> NDArray[np.float64]:
    result = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), otherwise)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result
