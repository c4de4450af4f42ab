"""What the plots of a report show, as plain arrays: no drawing here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tumorscope.estimation.metrics import (
    Ranking,
    cumulative_counts,
    rank_slices,
)

ECE_BINS = 15
MAX_POINTS = 1000

BinKind = Literal["equal-width", "quantile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve:
    """Receiver operating characteristic, from (0, 0) to (1, 1).

    Attributes:
        false_positive_rate: Shape (points,), in [0, 1], rising.
        sensitivity: Shape (points,), in [0, 1], rising.
        threshold_probability: Shape (points,), falling; a slice counts as positive at or
            above it. The first is infinite: nothing is positive.
    """

    false_positive_rate: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    threshold_probability: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionRecallCurve:
    """Precision over recall; draw it as steps, a straight line would flatter it.

    Attributes:
        recall: Shape (points,), in [0, 1], rising from 0.
        precision: Shape (points,), in [0, 1]; 1 at recall 0 by convention.
        threshold_probability: Shape (points,), falling; the first is infinite.
        prevalence: Share of tumour slices: the precision of a score that knows nothing.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    threshold_probability: NDArray[np.float64]
    prevalence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBins:
    """Mean probability against the share of tumour slices, bin by bin.

    Attributes:
        kind: "equal-width" or "quantile".
        edges: Shape (bins + 1,), tumor probability, rising from 0 to 1 for equal width.
        n_slices: Shape (bins,), int64; a bin may be empty.
        mean_probability: Shape (bins,), in [0, 1]; NaN in an empty bin.
        tumor_share: Shape (bins,), in [0, 1]; NaN in an empty bin.
    """

    kind: BinKind
    edges: NDArray[np.float64]
    n_slices: NDArray[np.int64]
    mean_probability: NDArray[np.float64]
    tumor_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionMatrix:
    """Slices by reference standard and decision."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int


def trace_curves(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[RocCurve, PrecisionRecallCurve] | None:
    """Trace the ROC and the precision-recall curve of pooled slices.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1].

    Returns:
        Both curves at the same thresholds, at most `MAX_POINTS` + 1 points spread evenly
        over the distinct scores; None if the slices are of one class.
    """
    ranking = rank_slices(labels, probabilities)
    tumor, free = _counts_of_all(ranking)
    if tumor[-1] == 0 or free[-1] == 0:
        return None
    scores = probabilities[ranking.rows][ranking.level_ends]
    thresholds = np.concatenate(([np.inf], scores))
    precision = np.ones_like(tumor)
    precision[1:] = tumor[1:] / (tumor[1:] + free[1:])
    kept = _spread(len(thresholds))
    roc = RocCurve(
        false_positive_rate=(free / free[-1])[kept],
        sensitivity=(tumor / tumor[-1])[kept],
        threshold_probability=thresholds[kept],
    )
    precision_recall = PrecisionRecallCurve(
        recall=roc.sensitivity,
        precision=precision[kept],
        threshold_probability=thresholds[kept],
        prevalence=float(tumor[-1] / (tumor[-1] + free[-1])),
    )
    return roc, precision_recall


def bin_reliability(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    kind: BinKind,
    *,
    bins: int = ECE_BINS,
) -> ReliabilityBins:
    """Sort slices into bins of probability.

    Args:
        labels: Shape (slices,), 0 or 1.
        probabilities: Shape (slices,), in [0, 1].
        kind: "equal-width": edges k / bins, right-closed, 0 in the first bin.
            "quantile": about as many slices in each; equal quantiles make one bin.
        bins: Number of bins, at least 1.

    Returns:
        The bins, empty ones included.
    """
    edges = np.linspace(0, 1, bins + 1)
    if kind == "quantile":
        edges = np.unique(np.quantile(probabilities, edges))
        if len(edges) == 1:
            edges = np.repeat(edges, 2)
    chosen = np.searchsorted(edges[1:-1], probabilities, side="left")
    n_slices = np.bincount(chosen, minlength=len(edges) - 1)
    with np.errstate(invalid="ignore"):
        mean_probability = (
            np.bincount(chosen, probabilities, minlength=len(n_slices)) / n_slices
        )
        tumor_share = np.bincount(chosen, labels, minlength=len(n_slices)) / n_slices
    return ReliabilityBins(
        kind=kind,
        edges=edges,
        n_slices=n_slices.astype(np.int64),
        mean_probability=mean_probability,
        tumor_share=tumor_share,
    )


def count_confusion(
    labels: NDArray[np.int64], is_above: NDArray[np.bool_]
) -> ConfusionMatrix:
    """Count slices by label (shape (slices,), 0 or 1) and decision (same shape)."""
    positive = labels == 1
    return ConfusionMatrix(
        true_positive=int((positive & is_above).sum()),
        false_positive=int((~positive & is_above).sum()),
        true_negative=int((~positive & ~is_above).sum()),
        false_negative=int((positive & ~is_above).sum()),
    )


def _counts_of_all(
    ranking: Ranking,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tumor, free = cumulative_counts(ranking, np.ones((1, len(ranking.rows))))
    return tumor[0], free[0]


def _spread(points: int) -> NDArray[np.int64]:
    kept = np.linspace(0, points - 1, min(points, MAX_POINTS + 1))
    return np.round(kept).astype(np.int64)
