"""The leak canary: labels that mean nothing must not be predictable.

Half of the patients get label 1 at random. Nothing in a picture tells such a label, but a
picture tells its patient: if slices of a patient are trained on and tested, the nearest
neighbor of a test slice is another slice of the same patient, and its meaningless label is
right. Under an honest split the accuracy lies around one half; under a split of single
slices it is near one. So the canary dies of the leak, not of the data.

References:
    Yagis et al. (2021), Effect of data leakage in brain MRI classification using 2D
    convolutional neural networks, Scientific Reports 11:22544: random labels reach 96 %
    under a slice split and 50 % under a split by subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import KFold
from sklearn.neighbors import NearestNeighbors

from tumorscope.audit.gates import GateOutcome
from tumorscope.domain.errors import DataError
from tumorscope.domain.shortcut_spec import CanarySpec
from tumorscope.domain.split import Split

GATE = "leak-canary"
CHANCE = 0.5
PICTURE_PX = 32
FEWEST_GROUPS = 4
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryAccuracy:
    """Accuracies of one split over all relabelings.

    Attributes:
        split: "the split in use" or "a split of single slices".
        mean: Mean accuracy, in [0, 1].
        deviation: Standard deviation of the accuracies.
        low: Lower end of the interval that holds most accuracies.
        high: Upper end.
        tested: Slices that were tested, each counted once for each fold that tests it.
    """

    split: str
    mean: float
    deviation: float
    low: float
    high: float
    tested: int

    @property
    def contains_chance(self) -> bool:
        """Whether the interval holds 0.5."""
        return self.low <= CHANCE <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReport:
    """What the canary said.

    Attributes:
        spec: Relabelings, level and seed.
        unit: What got one label: "patients" or the word for groups.
        groups: How many of them there were.
        slices: Slices that were looked at.
        in_use: Accuracies under the split in use; None where it cannot be assessed.
        by_slice: Accuracies under a split of single slices, which shows the leak.
        reason: Why it cannot be assessed; empty where it can.
    """

    spec: CanarySpec
    unit: str
    groups: int
    slices: int
    in_use: CanaryAccuracy | None
    by_slice: CanaryAccuracy | None
    reason: str = ""


def canary_picture(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Shrink a slice to what the canary compares.

    Args:
        pixels: Shape (height, width) or (height, width, 3), uint8 or uint16; 16 bit is
            divided by the slice's maximum.

    Returns:
        Shape (3072,), in [0, 1]: 64 x 64 by Pillow's bilinear filter, then means of 2 x 2.
    """
    if pixels.dtype != np.uint8:
        share = pixels / max(1.0, float(pixels.max()))
        pixels = np.rint(share * 255).astype(np.uint8)
    color = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    size = (2 * PICTURE_PX, 2 * PICTURE_PX)
    medium = np.asarray(Image.fromarray(color).resize(size, Image.Resampling.BILINEAR))
    blocks = medium.reshape(PICTURE_PX, 2, PICTURE_PX, 2, 3).astype(np.float32)
    return np.asarray(blocks.mean(axis=(1, 3)).ravel() / 255, dtype=np.float32)


def canary_folds(split: Split) -> list[Fold]:
    """Return training and test rows of each fold of a split.

    Tuning rows count as training rows: they choose epoch and threshold, so that a patient
    who stands in them and in the test part is a leak too.
    """
    return [
        (np.flatnonzero(split.part[:, fold] != "test"), split.rows("test", fold))
        for fold in range(len(split.fold_names))
    ]


def run_canary(
    pictures: NDArray[np.float32],
    group: NDArray[np.object_],
    folds: Sequence[Fold],
    spec: CanarySpec,
    *,
    unit: str,
) -> CanaryReport:
    """Give patients random labels and try to predict them by the nearest neighbor.

    The neighbor of a slice does not depend on labels: it is sought once, and every
    relabeling only looks it up.

    Args:
        pictures: Shape (slices, 3072), from `canary_picture`.
        group: Shape (slices,), patient of each slice, or the group that stands for it.
        folds: Training and test rows under the split in use; it may be one.
        spec: Relabelings, level and seed.
        unit: What a group is, e.g. "patients".

    Returns:
        Accuracies under the split in use and under a split of single slices.

    Raises:
        DataError: If lengths differ.
    """
    if len(pictures) != len(group):
        raise DataError(f"{len(pictures)} pictures, but {len(group)} groups")
    codes = np.unique(group.astype(str), return_inverse=True)[1]
    rng = np.random.default_rng(spec.seed)
    kept = _drawn_rows(codes, spec.max_slices, rng)
    codes = np.unique(codes[kept], return_inverse=True)[1]
    inside = [_inside(fold, kept) for fold in folds]
    inside = [fold for fold in inside if min(map(len, fold)) > 0]
    groups = int(codes.max()) + 1
    reason = _why_not(groups, inside, unit)
    in_use = by_slice = None
    if not reason:
        labels = _random_labels(groups, spec.relabellings, rng)
        small = pictures[kept]
        splitter = KFold(spec.slice_folds, shuffle=True, random_state=spec.seed)
        by_slices = list(splitter.split(small))
        tried = labels[codes]  # (slices, relabelings)
        in_use = _try("the split in use", small, tried, inside, level=spec.level)
        by_slice = _try(
            "a split of single slices", small, tried, by_slices, level=spec.level
        )
    return CanaryReport(
        spec=spec,
        unit=unit,
        groups=groups,
        slices=len(kept),
        in_use=in_use,
        by_slice=by_slice,
        reason=reason,
    )


def canary_gate(report: CanaryReport) -> GateOutcome:
    """Judge the split: the interval of accuracies must contain one half.

    A canary that cannot be assessed does not fail: the sentence says so.
    """
    if report.in_use is None or report.by_slice is None:
        sentence = f"The leak canary cannot be assessed: {report.reason}."
        return GateOutcome(
            gate=GATE, has_failed=False, sentence=sentence, is_assessed=False
        )
    found = report.in_use
    interval = f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"
    beside = (
        f"A split of single slices gives {report.by_slice.mean:.2f} "
        f"[{report.by_slice.low:.2f}, {report.by_slice.high:.2f}]."
    )
    what = (
        f"Labels dealt to {report.groups} {report.unit} at random, "
        f"{report.spec.relabellings} times, are predicted with accuracy {interval}"
    )
    if found.contains_chance:
        end = "the interval holds one half, as it must under a split without leak."
    elif found.low > CHANCE:
        end = (
            f"{report.unit} stand on both sides of the split. Make the split again by "
            "patient; no result under this split can be believed."
        )
    else:
        end = (
            "that is below one half, which a leak cannot cause: look for too few "
            f"{report.unit} in the training part."
        )
    return GateOutcome(
        gate=GATE,
        has_failed=not found.contains_chance,
        sentence=f"{what}: {end} {beside}",
    )


def _why_not(groups: int, folds: Sequence[Fold], unit: str) -> str:
    if groups < FEWEST_GROUPS:
        return f"{groups} {unit}, but {FEWEST_GROUPS} are needed"
    return "" if folds else "no fold has both training and test slices"


def _drawn_rows(
    codes: NDArray[np.int64], max_slices: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw whole groups up to a number of slices; all rows where there are no more."""
    order = rng.permutation(int(codes.max()) + 1)
    total = np.cumsum(np.bincount(codes)[order])
    fitting = max(FEWEST_GROUPS, int(np.searchsorted(total, max_slices, side="right")))
    return np.flatnonzero(np.isin(codes, order[:fitting]))


def _inside(fold: Fold, kept: NDArray[np.int64]) -> Fold:
    """Return a fold in terms of the rows that are kept."""
    train, test = (
        np.flatnonzero(np.isin(kept, rows, assume_unique=True)) for rows in fold
    )
    return train, test


def _random_labels(
    groups: int, relabelings: int, rng: np.random.Generator
) -> NDArray[np.int8]:
    """Return shape (groups, relabelings): half of the groups, rounded down, have 1."""
    half = (np.arange(groups) < groups // 2).astype(np.int8)
    return rng.permuted(np.tile(half[:, None], (1, relabelings)), axis=0)


def _try(
    name: str,
    pictures: NDArray[np.float32],
    labels: NDArray[np.int8],
    folds: Iterable[Fold],
    *,
    level: float,
) -> CanaryAccuracy:
    hits = np.zeros(labels.shape[1])
    tested = 0
    for train, test in folds:
        index = NearestNeighbors(n_neighbors=1).fit(pictures[train])
        nearest = train[index.kneighbors(pictures[test], return_distance=False)[:, 0]]
        hits += (labels[nearest] == labels[test]).sum(axis=0)
        tested += len(test)
    accuracies = hits / tested
    tail = (1 - level) / 2
    low, high = np.quantile(accuracies, (tail, 1 - tail))
    return CanaryAccuracy(
        split=name,
        mean=float(accuracies.mean()),
        deviation=float(accuracies.std(ddof=1)),
        low=float(low),
        high=float(high),
        tested=tested,
    )
