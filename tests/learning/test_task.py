"""The Lightning module: loss, optimizer, schedule."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from tumorscope.domain.specs import OptimizerSpec, TrainSpec
from tumorscope.learning.group_losses import GroupDro
from tumorscope.learning.network import build_network
from tumorscope.learning.task import (
    EpochRecord,
    TumorTask,
    _mixed_seed,
    _parameter_groups,
    cosine_factor,
)


def _task(size_px: int = 64, **values) -> TumorTask:
    return TumorTask(TrainSpec.model_validate(values), size_px=size_px, total_steps=10)


def test_softmax_cross_entropy_is_binary_cross_entropy_of_the_difference():
    """Two outputs and a softmax are the described binary cross-entropy, to the digit."""
    logits = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)) * 4
    labels = torch.arange(50) % 2

    softmax = functional.cross_entropy(logits, labels)
    binary = functional.binary_cross_entropy_with_logits(
        logits[:, 1] - logits[:, 0], labels.float()
    )

    torch.testing.assert_close(softmax, binary)


def test_training_loss_is_that_cross_entropy():
    """Without augmentation the step's loss is the binary one of the network's output."""
    off = {"rotation_degrees": 0, "flip_left_right": 0, "flip_up_down": 0}
    task = _task(size_px=32, augment=off).eval()
    pixels = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    labels = torch.tensor([0, 1, 1, 0])

    loss = task.training_step((pixels, labels, torch.zeros_like(labels)), 0)

    with torch.no_grad():
        logits = task.network(pixels.float() / 127.5 - 1)
    binary = functional.binary_cross_entropy_with_logits(
        logits[:, 1] - logits[:, 0], labels.float()
    )
    torch.testing.assert_close(loss.detach(), binary, rtol=1e-3, atol=1e-4)


def test_cosine_schedule_is_hand_computed():
    """Ten steps, two of warm-up: 1/2, 1, then half a cosine from 1 to 0."""
    factors = [cosine_factor(step, 10, 0.2) for step in range(11)]

    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[6] == pytest.approx(0.5)
    assert factors[10] == pytest.approx(0, abs=1e-12)
    assert factors[2:] == sorted(factors[2:], reverse=True)
    assert cosine_factor(99, 10, 0.2) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("total", [1, 2])
def test_cosine_schedule_of_a_single_step_is_defined(total):
    """Even the shortest run has a rate above zero at its first step."""
    assert cosine_factor(0, total, 0.05) == 1


def test_rate_is_lowered_as_the_tuning_loss_stalls():
    """Patience two, factor one half: the third epoch without a better loss lowers it.

    Epoch 2 is the best, 3 and 4 are patience, 5 lowers. Epoch 6 is the first at the new
    rate, 7 and 8 are patience, 9 lowers again.
    """
    optimizer = {"plateau_patience_epochs": 2, "plateau_factor": 0.5}
    task = _task(optimizer=optimizer | {"learning_rate": 1.0})
    rates = []

    for epoch, loss in enumerate([1.0, 0.8] + 8 * [0.9], start=1):
        rates.append(task.learning_rate)
        task.records.append(
            EpochRecord(
                epoch=epoch,
                train_loss=0,
                tune_loss=loss,
                tune_auroc=0.5,
                learning_rate=task.learning_rate,
            )
        )
        task._lower_rate_on_plateau()

    assert rates == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_log_and_schedule_travel_with_the_checkpoint():
    """What a resumed run needs beside weights and optimizer is in the checkpoint."""
    task, resumed = _task(), _task()
    task.learning_rate, task.best_auroc, task.first_weights = 0.25, 0.8, "a file"
    record = EpochRecord(
        epoch=1, train_loss=0, tune_loss=1, tune_auroc=0.8, learning_rate=1
    )
    task.records = [record]
    checkpoint: dict = {}

    task.on_save_checkpoint(checkpoint)
    resumed.on_load_checkpoint(checkpoint)

    assert (resumed.learning_rate, resumed.best_auroc) == (0.25, 0.8)
    assert (resumed.first_weights, resumed.records) == ("a file", [record])
    assert resumed.records[0] is not record


def test_weights_of_groups_travel_with_the_checkpoint():
    """A resumed run goes on with the groups' weights where it stopped."""
    weights = torch.tensor([0.75, 0.25])
    spec = TrainSpec(mitigation="group-dro")
    losses = [GroupDro(torch.tensor([True, True]), step=0.1) for _ in range(2)]
    task, resumed = (
        TumorTask(spec, size_px=64, total_steps=10, group_loss=one) for one in losses
    )
    losses[0].weights = weights
    checkpoint: dict = {}

    task.on_save_checkpoint(checkpoint)
    resumed.on_load_checkpoint(checkpoint)

    torch.testing.assert_close(losses[1].weights, weights, rtol=0, atol=0)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_other_schedules_ignore_a_plateau(schedule):
    """Only the plateau schedule looks at the tuning loss."""
    task = _task(optimizer={"schedule": schedule, "plateau_patience_epochs": 0})
    record = EpochRecord(
        epoch=1, train_loss=0, tune_loss=1, tune_auroc=0.5, learning_rate=1e-3
    )

    task.records = [record] * 5
    task._lower_rate_on_plateau()

    assert task.learning_rate == 1e-3


def test_weight_decay_leaves_biases_and_normalization_alone():
    """Matrices and kernels decay, vectors do not, and none is forgotten."""
    network = build_network()

    decayed, free = _parameter_groups(network, OptimizerSpec(weight_decay=0.1))

    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
    assert len(decayed["params"]) + len(free["params"]) == len(
        list(network.parameters())
    )
    assert all(one.ndim == 1 for one in free["params"])
    assert len(decayed["params"]) == 54  # 53 convolutions and the head


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_optimizer_is_the_one_asked_for(name, kind):
    """The name in the spec is the optimizer that runs, at the spec's rate."""
    task = _task(optimizer={"name": name, "learning_rate": 0.01})

    optimizer = task.configure_optimizers()

    assert type(optimizer) is kind
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}


def test_seed_of_a_batch_depends_on_seed_epoch_and_step():
    """No two batches of a run share their draws, and the draws are fixed for good."""
    seeds = {
        _mixed_seed(seed, epoch, step)
        for seed in range(4)
        for epoch in range(20)
        for step in range(-1, 20)
    }

    assert len(seeds) == 4 * 20 * 21
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_compiled_network_trains_and_stands_in_the_state_once(monkeypatch):
    """The compiled pass is used, and a checkpoint holds the weights one time."""
    passes = []

    def compile_by_hand(function, **_options):
        def run(images):
            passes.append(images.shape)
            return function(images)

        return run

    monkeypatch.setattr(torch, "compile", compile_by_hand)
    spec = TrainSpec(compile_network=True, initial_weights="scratch")
    task = TumorTask(spec, size_px=32, total_steps=1)
    batch = (
        torch.zeros(2, 3, 32, 32, dtype=torch.uint8),
        torch.tensor([0, 1]),
        torch.zeros(2, dtype=torch.int64),
    )

    logits = task.train_logits(batch, 0)

    assert logits.shape == (2, 2)
    assert passes == [(2, 3, 32, 32)]
    assert all(name.startswith("network.") for name in task.state_dict())
