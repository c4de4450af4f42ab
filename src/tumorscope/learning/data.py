"""Batches straight from the memory-mapped pixel store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from tumorscope.domain.errors import DataError

_COPIED_ROWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningData:
    """What a model learns from and is tuned on.

    Attributes:
        pixels: Shape (slices, size, size, 3), uint8; usually memory-mapped. Where layers
            are frozen, their output: shape (slices, height, width, channels), float16.
        labels: Shape (slices,), int64, 0 or 1.
        train_rows: Rows that the weights are fitted to.
        tune_rows: Rows that choose epoch and threshold; no training patient among them.
        groups: Shape (slices,), int64, group of each slice, negative for none; None where
            no training method looks at groups.
        resident: A copy of `pixels` in the memory of the device that trains; None reads
            each batch from `pixels`.

    Raises:
        DataError: If a part lacks a class, a row is in both parts, or a training slice
            has no group where groups are given.
    """

    pixels: NDArray[np.uint8 | np.float16]
    labels: NDArray[np.int64]
    train_rows: NDArray[np.int64]
    tune_rows: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    resident: torch.Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse parts that nothing can be learned from."""
        if np.intersect1d(self.train_rows, self.tune_rows).size:
            raise DataError("a slice cannot be in the training and the tuning part")
        for name, rows in (("training", self.train_rows), ("tuning", self.tune_rows)):
            found = np.unique(self.labels[rows])
            if len(found) < 2:
                raise DataError(
                    f"the {name} part has {len(rows)} slices of the classes "
                    f"{found.tolist()}: both classes are needed"
                )
        if self.groups is not None and (self.train_groups < 0).any():
            raise DataError(
                f"{int((self.train_groups < 0).sum())} training slices have no group: "
                "choose another train.mitigation_group, or leave their patients out"
            )

    @property
    def train_groups(self) -> NDArray[np.int64]:
        """Shape (training slices,), group of each; zeros where none is looked at."""
        if self.groups is None:
            return np.zeros(len(self.train_rows), dtype=np.int64)
        return self.groups[self.train_rows]


Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Pixels, uint8, shape (batch, 3, height, width); labels and groups, int64, (batch,)."""


class SliceBatches(Dataset[Batch]):
    """Whole batches by row numbers: one gather from the store, no work per slice."""

    def __init__(
        self,
        pixels: NDArray[np.uint8 | np.float16] | torch.Tensor,
        labels: NDArray[np.int64],
        groups: NDArray[np.int64] | None = None,
    ) -> None:
        """Keep the store; nothing is read yet. Without groups all are in group 0.

        Args:
            pixels: The store, or a copy of it in the memory of the device that trains.
            labels: Shape (slices,).
            groups: Shape (slices,).
        """
        self._pixels = pixels
        self._labels = torch.from_numpy(labels)
        self._groups = torch.from_numpy(
            np.zeros_like(labels) if groups is None else groups
        )

    def __getitem__(self, rows: NDArray[np.int64]) -> Batch:
        """Return pixels, channels-last in memory, labels and groups of these rows."""
        places = torch.from_numpy(rows)
        if isinstance(self._pixels, torch.Tensor):
            pixels = self._pixels[places.to(self._pixels.device)]
        else:
            pixels = torch.from_numpy(self._pixels[rows])
        return pixels.permute(0, 3, 1, 2), self._labels[places], self._groups[places]


class EpochOrder(Sampler[NDArray[np.int64]]):
    """Row numbers of each batch; the order depends on seed and epoch alone.

    A resumed run therefore sees the same batches as one that was never stopped.
    """

    def __init__(
        self,
        rows: NDArray[np.int64],
        *,
        batch_size: int,
        seed: int | None,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        """Keep the rows.

        Args:
            rows: Shape (slices,), rows of the store.
            batch_size: Rows in a batch.
            seed: Seed of the shuffling; None keeps the order and all rows.
            weights: Shape (slices,), probability of each row where rows are drawn with
                replacement; None shuffles.
        """
        self._rows = rows
        self._batch_size = batch_size
        self._seed = seed
        self._weights = weights
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches."""
        full, rest = divmod(len(self._rows), self._batch_size)
        # A last training batch of one slice would break batch normalization.
        keeps_rest = rest > 1 if self._seed is not None and full else rest > 0
        return full + keeps_rest

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """Yield the rows of one batch after another."""
        rows = self._rows
        if self._seed is not None:
            generator = np.random.default_rng((self._seed, self._epoch))
            rows = generator.choice(
                rows,
                size=len(rows),
                replace=self._weights is not None,
                p=self._weights,
            )
        for batch in range(len(self)):
            start = batch * self._batch_size
            # Ascending rows make the gather from a memory map a forward scan.
            yield np.sort(rows[start : start + self._batch_size])


def make_resident(
    data: LearningData, device: torch.device, *, free_bytes: int
) -> LearningData:
    """Copy the store to the device that trains, if it takes no more than half of it.

    An epoch then moves no pixels: a batch is one gather in the device's own memory.

    Args:
        data: The store and its rows.
        device: Where the copy goes.
        free_bytes: Free memory of the device.
    """
    pixels = data.pixels
    if 2 * pixels.nbytes > free_bytes:
        return data
    copy = torch.empty(
        pixels.shape, dtype=torch.from_numpy(pixels[:1].copy()).dtype, device=device
    )
    for start in range(0, len(pixels), _COPIED_ROWS):
        rows = slice(start, start + _COPIED_ROWS)
        copy[rows] = torch.from_numpy(np.array(pixels[rows])).to(device)
    return replace(data, resident=copy)


def training_loader(
    data: LearningData,
    *,
    batch_size: int,
    seed: int,
    balance: Literal["none", "weights", "sampling", "groups"],
) -> DataLoader[Batch]:
    """Return shuffled training batches.

    Args:
        data: The store and its training rows.
        batch_size: Slices in a batch.
        seed: Seed of the shuffling.
        balance: `sampling` draws both classes, `groups` all groups equally often, with
            replacement; anything else shows each slice once.
    """
    weights = None
    if balance in {"sampling", "groups"}:
        by_group = balance == "groups"
        kind = data.train_groups if by_group else data.labels[data.train_rows]
        weights = 1 / np.bincount(kind)[kind]
        weights = weights / weights.sum()
    order = EpochOrder(
        data.train_rows, batch_size=batch_size, seed=seed, weights=weights
    )
    return _loader(data, order)


def tuning_loader(data: LearningData, *, batch_size: int) -> DataLoader[Batch]:
    """Return the tuning part in its order."""
    return _loader(data, EpochOrder(data.tune_rows, batch_size=batch_size, seed=None))


def _loader(data: LearningData, order: EpochOrder) -> DataLoader[Batch]:
    return DataLoader(
        SliceBatches(
            data.pixels if data.resident is None else data.resident,
            data.labels,
            data.groups,
        ),
        sampler=order,
        batch_size=None,
        num_workers=0,
    )
