"""One loss from those of slices, where groups matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.specs import TrainSpec
from tumorscope.learning.group_losses import GroupDro, Reweighing, make_group_loss

LOSSES = torch.tensor([1.0, 3.0, 0.5, 0.5])
LABELS = torch.tensor([0, 1, 0, 1])
GROUPS = torch.tensor([0, 0, 1, 1])


def test_reweighing_makes_group_and_label_independent():
    """Ten tumor slices among forty of group 0, thirty among forty of group 1.

    If group and label were independent, each pair would have twenty slices: weighted, each
    has as much.
    """
    counts = torch.tensor([[30.0, 10.0], [10.0, 30.0]])

    loss = Reweighing(counts)

    expected = torch.tensor([[2 / 3, 2.0], [2.0, 2 / 3]])
    torch.testing.assert_close(loss.weights, expected)
    torch.testing.assert_close(loss.weights * counts, torch.full((2, 2), 20.0))
    mean = loss.combine(LOSSES, LABELS, GROUPS)
    weighted = (2 / 3 + 2 * 3 + 2 * 0.5 + 2 / 3 * 0.5) / 4
    assert float(mean) == pytest.approx(weighted)


def test_independent_groups_are_left_as_they_are():
    """Where the label is as frequent in every group, all weights are one."""
    loss = Reweighing(torch.tensor([[10.0, 20.0], [30.0, 60.0]]))

    torch.testing.assert_close(loss.weights, torch.ones(2, 2))
    assert float(loss.combine(LOSSES, LABELS, GROUPS)) == pytest.approx(1.25)


def test_a_pair_that_does_not_occur_has_no_weight():
    """A site without tumor slices is no division by zero."""
    loss = Reweighing(torch.tensor([[10.0, 0.0], [5.0, 5.0]]))

    assert loss.weights[0, 1] == 0
    assert torch.isfinite(loss.weights).all()


def test_the_worse_group_gains_weight():
    """Mean losses 2 and 0.5, step 0.1: the weights move by their exponentials."""
    loss = GroupDro(torch.tensor([True, True]), step=0.1)

    value = loss.combine(LOSSES, LABELS, GROUPS)

    moved = np.array([np.exp(0.2), np.exp(0.05)])
    moved /= moved.sum()
    np.testing.assert_allclose(loss.weights, moved, rtol=1e-6)
    assert float(value) == pytest.approx(moved @ [2.0, 0.5])
    loss.combine(LOSSES, LABELS, GROUPS)
    assert loss.weights[0] > moved[0]


def test_a_group_that_the_batch_lacks_keeps_its_share():
    """Its loss is unknown: its weight is only scaled with the sum."""
    loss = GroupDro(torch.tensor([True, True, True]), step=1.0)

    value = loss.combine(LOSSES, LABELS, GROUPS)

    moved = np.array([np.exp(2.0), np.exp(0.5), 1.0]) / 3
    moved /= moved.sum()
    np.testing.assert_allclose(loss.weights, moved, rtol=1e-6)
    assert float(value) == pytest.approx(moved[:2] @ [2.0, 0.5])


def test_gradients_go_through_the_losses_and_not_through_the_weights():
    """The weights are an adversary's move, not a part of the model."""
    losses = LOSSES.clone().requires_grad_()
    loss = GroupDro(torch.tensor([True, True]), step=0.1)

    loss.combine(losses, LABELS, GROUPS).backward()

    expected = torch.repeat_interleave(loss.weights / 2, 2)
    torch.testing.assert_close(losses.grad, expected)
    assert not loss.weights.requires_grad


@pytest.mark.parametrize(
    ("mitigation", "kind"),
    [
        ("none", type(None)),
        ("group-sampling", type(None)),
        ("reweighing", Reweighing),
        ("group-dro", GroupDro),
    ],
)
def test_the_mitigation_that_is_asked_for_is_made(tiny_data, mitigation, kind):
    """Sampling changes the batches and leaves the loss alone."""
    data = replace(tiny_data, groups=np.arange(40) % 3)

    assert type(make_group_loss(data, TrainSpec(mitigation=mitigation))) is kind


def test_groups_are_those_of_the_training_part(tiny_data):
    """A group that only the tuning part has gets no weight."""
    groups = np.where(np.arange(40) < 12, 0, 2)
    groups[24:] = 1

    loss = make_group_loss(
        replace(tiny_data, groups=groups), TrainSpec(mitigation="group-dro")
    )

    assert loss is not None
    assert loss.weights.tolist() == [0.5, 0.0, 0.5]


def test_mitigation_without_groups_is_an_error(tiny_data):
    """It never trains as if nothing had been asked for."""
    with pytest.raises(ConfigError, match="needs groups: the data tell no `site`"):
        make_group_loss(tiny_data, TrainSpec(mitigation="group-sampling"))
