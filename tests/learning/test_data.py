"""Batches straight from the pixel store."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tumorscope.domain.errors import DataError
from tumorscope.learning.data import (
    EpochOrder,
    LearningData,
    SliceBatches,
    make_resident,
    training_loader,
    tuning_loader,
)


def _data(slices: int = 20, *, positives: int = 5) -> LearningData:
    pixels = np.random.default_rng(0).integers(
        0, 256, (slices, 8, 8, 3), dtype=np.uint8
    )
    labels = np.zeros(slices, dtype=np.int64)
    labels[:positives] = 1
    labels[-2] = 1
    return LearningData(
        pixels=pixels,
        labels=labels,
        train_rows=np.arange(slices - 4),
        tune_rows=np.arange(slices - 4, slices),
    )


def _order(rows: int, *, batch_size: int = 4, seed: int | None = 0) -> EpochOrder:
    return EpochOrder(np.arange(100, 100 + rows), batch_size=batch_size, seed=seed)


def test_every_row_comes_once_in_an_epoch():
    """Shuffled, nothing is left out and nothing comes twice."""
    rows = np.concatenate(list(_order(12)))

    np.testing.assert_array_equal(np.sort(rows), np.arange(100, 112))
    assert (rows != np.arange(100, 112)).any()


def test_order_depends_on_seed_and_epoch_alone():
    """A resumed run sees the batches that an uninterrupted one would have seen."""
    first, resumed = _order(12), _order(12)
    list(first)
    first.set_epoch(3)
    resumed.set_epoch(3)

    np.testing.assert_array_equal(np.stack(list(first)), np.stack(list(resumed)))
    epochs = []
    for epoch in range(3):
        first.set_epoch(epoch)
        epochs.append(np.concatenate(list(first)).tolist())
    assert epochs[0] != epochs[1] != epochs[2]
    assert np.concatenate(list(_order(12, seed=1))).tolist() != epochs[0]


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(8, [4, 4]), (9, [4, 4]), (10, [4, 4, 2]), (3, [3]), (1, [1])],
)
def test_last_training_batch_never_holds_one_slice(rows, sizes):
    """Batch normalization needs two slices; a single one waits for another epoch."""
    order = _order(rows)

    assert [len(batch) for batch in order] == sizes
    assert len(order) == len(sizes)


def test_tuning_order_keeps_every_row_and_its_place():
    """Without a seed the rows come as they are, the last single one too."""
    batches = list(_order(9, seed=None))

    assert [len(batch) for batch in batches] == [4, 4, 1]
    np.testing.assert_array_equal(np.concatenate(batches), np.arange(100, 109))


def test_batch_is_gathered_from_the_store():
    """Pixels and labels of the asked rows, channels first, memory channels-last."""
    data = _data()

    rows = np.array([1, 7, 18])
    groups = np.arange(20)

    pixels, labels, _ = SliceBatches(data.pixels, data.labels)[rows]
    *_, numbered = SliceBatches(data.pixels, data.labels, groups)[rows]

    assert pixels.dtype == torch.uint8
    assert pixels.shape == (3, 3, 8, 8)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(pixels[1].permute(1, 2, 0), data.pixels[7])
    assert labels.tolist() == [1, 0, 1]
    assert numbered.tolist() == [1, 7, 18]


def test_balanced_sampling_draws_both_classes_alike():
    """Five tumor slices among a hundred make up half of what is seen."""
    data = _data(104)

    loader = training_loader(data, batch_size=10, seed=0, balance="sampling")
    drawn = []
    for epoch in range(20):
        loader.sampler.set_epoch(epoch)
        drawn.append(torch.cat([labels for _, labels, _ in loader]))

    assert torch.cat(drawn).float().mean() == pytest.approx(0.5, abs=0.04)


def test_groups_are_drawn_equally_often():
    """Four slices of the first group among a hundred are seen as often as the others."""
    data = replace(_data(104), groups=np.where(np.arange(104) < 4, 0, 1))

    loader = training_loader(data, batch_size=10, seed=0, balance="groups")
    drawn = []
    for epoch in range(20):
        loader.sampler.set_epoch(epoch)
        drawn.append(torch.cat([groups for *_, groups in loader]))

    assert torch.cat(drawn).float().mean() == pytest.approx(0.5, abs=0.04)


def test_a_training_slice_without_group_is_refused():
    """It could be neither drawn nor weighed; outside the training it does no harm."""
    groups = np.arange(20) % 2
    groups[19] = -1
    assert replace(_data(), groups=groups).train_groups.tolist() == [0, 1] * 8
    groups[[0, 3]] = -1

    with pytest.raises(DataError, match="2 training slices have no group"):
        replace(_data(), groups=groups)


def test_without_balancing_the_share_is_that_of_the_data():
    """Each slice is seen once, whatever its class."""
    loader = training_loader(_data(), batch_size=4, seed=0, balance="none")

    assert torch.cat([labels for _, labels, _ in loader]).tolist().count(1) == 5


def test_tuning_part_comes_in_its_order():
    """Scores can be laid beside the rows."""
    data = _data()

    [(pixels, labels, _)] = list(tuning_loader(data, batch_size=64))

    np.testing.assert_array_equal(pixels.permute(0, 2, 3, 1), data.pixels[-4:])
    assert labels.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros(20, dtype=np.int64)}, "training part has 16 slices"),
        ({"tune_rows": np.array([16, 17])}, r"tuning part has 2 slices of .*\[0\]"),
        ({"tune_rows": np.array([], dtype=np.int64)}, "tuning part has 0 slices"),
        ({"tune_rows": np.array([15, 18])}, "cannot be in the training and the tuning"),
    ],
)
def test_parts_that_nothing_can_be_learned_from_are_refused(changes, message):
    """Each part needs both classes, and no slice is in both parts."""
    data = _data()
    names = ("pixels", "labels", "train_rows", "tune_rows")

    with pytest.raises(DataError, match=message):
        LearningData(**({name: getattr(data, name) for name in names} | changes))


def test_a_resident_store_gives_the_same_batches(tiny_data):
    """A copy on the device changes where a batch comes from, not what it holds."""
    resident = make_resident(tiny_data, torch.device("cpu"), free_bytes=1 << 30)
    loaders = [
        training_loader(one, batch_size=8, seed=0, balance="none")
        for one in (tiny_data, resident)
    ]

    pairs = list(zip(*loaders, strict=True))

    assert len(pairs) == 3
    for one, other in pairs:
        assert all(
            torch.equal(left, right) for left, right in zip(one, other, strict=True)
        )


def test_a_store_that_would_fill_the_device_stays_where_it_is(tiny_data):
    """Half of the free memory is left to the network."""
    short = 2 * tiny_data.pixels.nbytes - 1

    assert make_resident(tiny_data, torch.device("cpu"), free_bytes=short) is tiny_data
