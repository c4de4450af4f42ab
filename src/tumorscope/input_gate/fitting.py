"""Fit the gate of a model: where its training data lie, and which distance is far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tumorscope.domain.errors import DataError
from tumorscope.domain.gate_spec import (
    FEWEST_TUNE_PATIENTS,
    CheckName,
    GateRules,
    GateSpec,
)
from tumorscope.input_gate.distance import BlockModel, DistanceModel
from tumorscope.input_gate.judging import Description, InputGate

LARGEST_FITTED_DEVIATION = 8.0
SCALE_FLOOR = 1e-3
SMALLEST_VARIANCE = 1e-3
SLICES_PER_DIRECTION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedPart:
    """Slices of one part of the split.

    Attributes:
        slices: What the gate sees of each.
        owners: Shape (slices,), patient or group of each.

    Raises:
        DataError: If there are no slices, or not one owner for each.
    """

    slices: Sequence[Description]
    owners: NDArray[np.object_]

    def __post_init__(self) -> None:
        """Refuse an empty part."""
        if not len(self.slices) or len(self.slices) != len(self.owners):
            raise DataError(
                f"the input gate needs slices and an owner for each; found "
                f"{len(self.slices)} and {len(self.owners)}"
            )

    def block(self, name: str) -> NDArray[np.float32]:
        """Return one block of features, shape (slices that have it, features)."""
        rows = [
            one.features.blocks[name]
            for one in self.slices
            if name in one.features.blocks
        ]
        return np.stack(rows) if rows else np.empty((0, 0), np.float32)


def fit_gate(
    train: DescribedPart,
    tune: DescribedPart,
    spec: GateSpec,
    *,
    sequences: Literal[1, 3],
) -> InputGate:
    """Fit the gate on the training part, and fix its cut-offs on the tuning part.

    The parts hold different patients, so that the cut-off knows how far new patients lie.
    Slices above or below the head, which a check refuses or finds almost empty, are left
    out of both: they are no heads, and a few of them would make every distance look near.

    Args:
        train: Slices that the features' mean and spread come from.
        tune: Slices that the cut-offs come from; each patient counts equally.
        spec: Shares and limits.
        sequences: 1 or 3: what the slices were described with.

    Returns:
        The gate.
    """
    lenient, silent = _soften(
        [one for part in (train, tune) for one in part.slices], spec
    )
    train, tune = _heads_only(train), _heads_only(tune)
    names = sorted({name for one in train.slices for name in one.features.blocks})
    model = DistanceModel(
        blocks={
            name: _fit_block(train.block(name), tune.block(name), spec.directions)
            for name in names
        }
    )
    distance = np.array([model.distance(one.features) for one in tune.slices])
    flag = weighted_quantile(distance, tune.owners, share=1 - spec.flag_share)
    enough = len(set(tune.owners)) >= FEWEST_TUNE_PATIENTS
    return InputGate(
        rules=GateRules(
            sequences=sequences,
            flag_distance=flag,
            refuse_distance=spec.refuse_factor * flag if enough else None,
            flag_share=spec.flag_share,
            train_slices=len(train.slices),
            train_patients=len(set(train.owners)),
            tune_slices=len(tune.slices),
            tune_patients=len(set(tune.owners)),
            lenient=lenient,
            silent=silent,
        ),
        model=model,
    )


def weighted_quantile(
    values: NDArray[np.float64], owners: NDArray[np.object_], *, share: float
) -> float:
    """Return the smallest value that a share of the slices does not exceed.

    Args:
        values: Shape (slices,).
        owners: Shape (slices,), patient of each; each patient weighs the same.
        share: In (0, 1).
    """
    counts = Counter(owners)
    weight = np.array([1 / counts[one] for one in owners])
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    place = int(np.searchsorted(reached, share - 1e-12))
    return float(values[order][min(place, len(values) - 1)])


def pick_spread(
    rows: NDArray[np.int64], owners: NDArray[np.object_], count: int
) -> NDArray[np.int64]:
    """Return some rows, evenly over the owners and over each one's slices.

    Args:
        rows: Shape (rows,), rows of the cohort in its order.
        owners: Shape (slices,), owner of every slice of the cohort.
        count: How many; all where there are fewer.
    """
    if len(rows) <= count:
        return rows
    ordered = rows[np.argsort(owners[rows].astype(str), kind="stable")]
    places = np.linspace(0, len(rows) - 1, count).round().astype(np.int64)
    return ordered[places]


def _fit_block(
    train: NDArray[np.float32], tune: NDArray[np.float32], directions: int
) -> BlockModel:
    mean, spread = train.mean(axis=0), train.std(axis=0)
    scale = spread + np.float32(SCALE_FLOOR) * (1 + np.abs(mean))
    limit = np.float32(LARGEST_FITTED_DEVIATION)
    z = np.clip((train - mean) / scale, -limit, limit)
    _, singular, axes = np.linalg.svd(z, full_matrices=False)
    variance = singular**2 / len(z)
    most = max(1, min(directions, len(z) // SLICES_PER_DIRECTION, len(variance)))
    beside = variance[most:].sum() / max(z.shape[1] - most, 1)
    rest = np.float32(max(float(beside), SMALLEST_VARIANCE))
    one = np.ones(1, dtype=np.float32)
    raw = BlockModel(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        directions=np.ascontiguousarray(axes[:most], dtype=np.float32),
        variance=np.maximum(variance[:most], rest).astype(np.float32),
        rest=rest * one,
        unit=one,
    )
    typical = np.median(raw.distance(tune if len(tune) else train))
    return BlockModel(
        mean=raw.mean,
        scale=raw.scale,
        directions=raw.directions,
        variance=raw.variance,
        rest=raw.rest,
        unit=np.float32(max(float(typical), SCALE_FLOOR)) * one,
    )


def _heads_only(part: DescribedPart) -> DescribedPart:
    """Leave out what a check holds for no head; a check that most slices fail is none."""
    failed = [
        {
            found.check
            for found in one.findings
            if found.severity == "refuse" or found.check == "almost empty"
        }
        for one in part.slices
    ]
    counts = Counter(check for checks in failed for check in checks)
    rare = {check for check in counts if counts[check] <= len(failed) / 2}
    rows = [row for row, checks in enumerate(failed) if not checks & rare]
    if not rows:
        return part
    return DescribedPart(
        slices=tuple(part.slices[row] for row in rows), owners=part.owners[rows]
    )


def _soften(
    slices: Sequence[Description], spec: GateSpec
) -> tuple[tuple[CheckName, ...], tuple[CheckName, ...]]:
    """Return the checks that may flag at most, and those that say nothing."""
    failed = Counter(found.check for one in slices for found in one.findings)
    share = {name: failed[name] / len(slices) for name in get_args(CheckName)}
    silent = [name for name in share if share[name] > spec.silent_share]
    lenient = [
        name for name in share if spec.lenient_share < share[name] <= spec.silent_share
    ]
    return tuple(lenient), tuple(silent)
