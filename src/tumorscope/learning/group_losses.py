"""One loss from the losses of slices, where groups of patients matter.

References:
    Kamiran and Calders (2012), Knowledge and Information Systems 33:1-33, algorithm 3
    (reweighing); Sagawa, Koh, Hashimoto and Liang (2020), ICLR, algorithm 1 (group DRO).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.specs import TrainSpec
from tumorscope.learning.data import LearningData


class GroupLoss(Protocol):
    """Makes one loss of those of a batch.

    Attributes:
        weights: What a resumed run has to take up again.
    """

    weights: torch.Tensor

    def combine(
        self, losses: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor
    ) -> torch.Tensor:
        """Return one loss; all arguments have the shape (batch,)."""
        ...


class Reweighing:
    """Weighs slices so that group and label are independent in the training part.

    A slice of group g with label y has the weight P(g) P(y) / P(g, y), which is 1 on
    average: a label that is rarer in a group than elsewhere counts for more there.
    """

    def __init__(self, counts: torch.Tensor) -> None:
        """Compute the weights.

        Args:
            counts: Shape (groups, 2), training slices of each group and label.
        """
        expected = counts.sum(dim=1, keepdim=True) * counts.sum(dim=0) / counts.sum()
        self.weights = torch.where(counts > 0, expected / counts.clamp(min=1), 0.0)

    def combine(
        self, losses: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean of the weighted losses."""
        self.weights = self.weights.to(losses.device)
        return (self.weights[groups, labels] * losses).mean()


class GroupDro:
    """Weighs groups by how badly they do, and learns for the worst mixture of them.

    Before each step, the weight of a group is multiplied by exp(step * its mean loss in
    the batch), and all weights are divided by their sum; a group that the batch does not
    hold keeps its share. Batches have to draw the groups equally often.
    """

    def __init__(self, is_present: torch.Tensor, *, step: float) -> None:
        """Start with equal weights.

        Args:
            is_present: Shape (groups,), bool, whether the training part holds a group.
            step: How fast the weights move.
        """
        self.weights = is_present.float() / is_present.sum()
        self._step = step

    def combine(
        self, losses: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor
    ) -> torch.Tensor:
        """Move the weights, then return the weighted sum of the groups' mean losses."""
        del labels  # groups tell labels apart where that is wanted
        weights = self.weights.to(losses.device)
        # A product, not a scattered sum: that one may differ from run to run on a GPU.
        numbers = torch.arange(len(weights), device=losses.device)
        inside = (groups[:, None] == numbers).to(losses.dtype)  # (batch, groups)
        means = (losses @ inside) / inside.sum(dim=0).clamp(min=1)
        with torch.no_grad():
            weights = weights * torch.exp(self._step * means)
            self.weights = weights / weights.sum()
        return (self.weights * means).sum()


def make_group_loss(data: LearningData, spec: TrainSpec) -> GroupLoss | None:
    """Return how the losses of slices become one, or None for their mean.

    Args:
        data: Labels and groups of the training part.
        spec: Which mitigation.

    Raises:
        ConfigError: If a mitigation is wanted, and the data tell no groups.
    """
    if spec.mitigation == "none":
        return None
    if data.groups is None:
        raise ConfigError(
            f"train.mitigation={spec.mitigation} needs groups: the data tell no "
            f"`{spec.mitigation_group}`"
        )
    groups, labels = data.train_groups, data.labels[data.train_rows]
    counts = np.zeros((int(groups.max()) + 1, 2))
    np.add.at(counts, (groups, labels), 1)
    if spec.mitigation == "reweighing":
        return Reweighing(torch.from_numpy(counts).float())
    if spec.mitigation == "group-dro":
        present = torch.from_numpy(counts.sum(axis=1) > 0)
        return GroupDro(present, step=spec.group_dro_step)
    return None
