"""The Lightning module: network, loss, optimizer and the numbers of an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypedDict

import lightning
import torch
from torch.nn import functional
from torchmetrics.functional.classification import binary_auroc

from tumorscope.domain.specs import OptimizerSpec, TrainSpec
from tumorscope.learning.augmentation import augment_batch
from tumorscope.learning.data import Batch
from tumorscope.learning.group_losses import GroupLoss
from tumorscope.learning.network import build_network

_COMPILE_MODE = "reduce-overhead"
"""On a GPU a step is replayed as one graph: the CPU need not keep up with it."""
_DROPOUT_STREAM = 1 << 32
"""Sets the seeds of dropout apart from those of augmentation."""


class EpochRecord(TypedDict):
    """One row of the training log."""

    epoch: int
    train_loss: float
    tune_loss: float
    tune_auroc: float
    learning_rate: float


class TumorTask(lightning.LightningModule):
    """Learns to tell slices with tumor from slices without.

    The loss is the cross-entropy over a two-way softmax. With two classes the softmax
    probability of `tumor` is the sigmoid of the logits' difference, and the cross-entropy
    of the two-way distribution is -y log p - (1 - y) log (1 - p): binary cross-entropy.
    Two outputs are kept because class maps and exports then name both classes.
    """

    def __init__(
        self,
        spec: TrainSpec,
        *,
        size_px: int,
        total_steps: int,
        class_weights: tuple[float, float] = (1.0, 1.0),
        group_loss: GroupLoss | None = None,
    ) -> None:
        """Build the network.

        Args:
            spec: The whole recipe.
            size_px: Side of the network's input, in pixels.
            total_steps: Optimizer steps of the whole run, for the cosine schedule.
            class_weights: Weight of no tumor and tumor in the loss.
            group_loss: Makes one loss of those of the slices where groups matter; None
                takes their mean.
        """
        super().__init__()
        self.spec = spec
        self.network = build_network(dropout=spec.dropout)
        self.records: list[EpochRecord] = []
        self.best_auroc = -math.inf
        self.first_weights = "random initialization"
        self.learning_rate = spec.optimizer.learning_rate
        # A function, not a module: it would stand in every checkpoint a second time.
        self._compiled: Callable[[torch.Tensor], torch.Tensor] | None = None
        if spec.compile_network:
            self._compiled = torch.compile(
                self.network.forward, dynamic=False, mode=_COMPILE_MODE
            )
        self._size_px = size_px
        self._total_steps = total_steps
        self._class_weights = torch.tensor(class_weights)
        self._group_loss = group_loss
        self._train_losses: list[torch.Tensor] = []
        self._tune_outputs: list[tuple[torch.Tensor, torch.Tensor]] = []

    def training_step(self, batch: Batch, batch_index: int) -> torch.Tensor:
        """Augment the batch, return its loss; nothing waits for the device here."""
        _, labels, groups = batch
        loss = self._loss(self.train_logits(batch, batch_index).float(), labels, groups)
        self._train_losses.append(loss.detach())
        return loss

    def train_logits(self, batch: Batch, batch_index: int) -> torch.Tensor:
        """Augment a batch, return its logits, shape (batch, 2)."""
        generator = torch.Generator().manual_seed(
            _mixed_seed(self.spec.seed, self.current_epoch, batch_index)
        )
        images = augment_batch(
            batch[0].float().div_(255),
            self.spec.augment,
            generator=generator,
            size_px=self._epoch_size_px(),
        )
        forward = self.network if self._compiled is None else self._compiled
        logits: torch.Tensor = forward(images.mul_(2).sub_(1))
        return logits

    def tune_logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits of tuning slices, shape (batch, 2)."""
        logits: torch.Tensor = self.network(pixels.float().div_(127.5).sub_(1))
        return logits

    def trained_part(self) -> torch.nn.Module:
        """Return what the optimizer moves."""
        return self.network

    def validation_step(self, batch: Batch, _: int) -> None:
        """Keep the logits of the tuning part until the epoch ends."""
        pixels, labels, _groups = batch
        self._tune_outputs.append((self.tune_logits(pixels), labels))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer; the schedule is set step by step from `learning_rate`."""
        optimizer = self.spec.optimizer
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer.name]
        return kind(
            _parameter_groups(self.trained_part(), optimizer),
            lr=optimizer.learning_rate,
            fused=True,
        )

    def on_train_batch_start(self, _batch: Any, batch_index: int) -> None:
        """Set the learning rate of this step, and the seed of its dropout.

        Loaders draw from torch's global generator at other moments in a resumed run, so
        only a seed for each step makes it repeat.
        """
        stream = _DROPOUT_STREAM + batch_index
        torch.manual_seed(_mixed_seed(self.spec.seed, self.current_epoch, stream))
        rate = self.learning_rate
        if self.spec.optimizer.schedule == "cosine":
            rate *= cosine_factor(
                self.global_step, self._total_steps, self.spec.optimizer.warmup_share
            )
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the log and the schedule beside the weights."""
        checkpoint["tumorscope"] = {
            "records": [dict(record) for record in self.records],
            "best_auroc": self.best_auroc,
            "first_weights": self.first_weights,
            "learning_rate": self.learning_rate,
        }
        if self._group_loss is not None:
            weights = self._group_loss.weights.cpu()
            checkpoint["tumorscope"]["group_weights"] = weights

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the log and the schedule where they were left."""
        kept = checkpoint["tumorscope"]
        self.records = list(kept["records"])
        self.best_auroc = kept["best_auroc"]
        self.first_weights = kept["first_weights"]
        self.learning_rate = kept["learning_rate"]
        if self._group_loss is not None:
            self._group_loss.weights = kept["group_weights"]

    def close_epoch(self) -> EpochRecord:
        """Turn the epoch's losses and logits into one row of the log.

        Returns:
            The new row, which also stands at the end of `records`.
        """
        logits = torch.cat([output for output, _ in self._tune_outputs]).float()
        labels = torch.cat([label for _, label in self._tune_outputs])
        record = EpochRecord(
            epoch=self.current_epoch + 1,
            train_loss=float(torch.stack(self._train_losses).mean()),
            tune_loss=float(functional.cross_entropy(logits, labels)),
            tune_auroc=float(binary_auroc(logits[:, 1] - logits[:, 0], labels)),
            learning_rate=float(self.trainer.optimizers[0].param_groups[0]["lr"]),
        )
        self._train_losses.clear()
        self._tune_outputs.clear()
        self.records.append(record)
        self._lower_rate_on_plateau()
        return record

    def _loss(
        self, logits: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor
    ) -> torch.Tensor:
        smoothing = self.spec.label_smoothing
        if self._group_loss is None:
            return functional.cross_entropy(
                logits,
                labels,
                weight=self._class_weights.to(labels.device),
                label_smoothing=smoothing,
            )
        losses = functional.cross_entropy(
            logits, labels, reduction="none", label_smoothing=smoothing
        )
        return self._group_loss.combine(losses, labels, groups)

    def _lower_rate_on_plateau(self) -> None:
        """Lower the rate when the tuning loss has not fallen for some epochs.

        Counts from the best epoch, or from the last lowering if that is later.
        """
        optimizer = self.spec.optimizer
        if optimizer.schedule != "plateau":
            return
        losses = [record["tune_loss"] for record in self.records]
        rates = [record["learning_rate"] for record in self.records]
        best = losses.index(min(losses))
        changed = rates.index(rates[-1])
        if len(losses) - 1 - max(best, changed) > optimizer.plateau_patience_epochs:
            self.learning_rate *= optimizer.plateau_factor

    def _epoch_size_px(self) -> int:
        small = self.current_epoch < self.spec.low_resolution_share * self.spec.epochs
        return (
            min(self.spec.low_resolution_px, self._size_px) if small else self._size_px
        )


def cosine_factor(step: int, total_steps: int, warmup_share: float) -> float:
    """Return the share of the highest learning rate at one step.

    Linear warm-up, then a half cosine down to zero (Loshchilov and Hutter 2017).

    Args:
        step: Steps done, from 0.
        total_steps: Steps of the whole run.
        warmup_share: Share of the steps that warm up, in [0, 1).
    """
    warmup = max(1, round(warmup_share * total_steps))
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, total_steps - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _parameter_groups(
    network: torch.nn.Module, optimizer: OptimizerSpec
) -> list[dict[str, Any]]:
    """Leave biases and batch normalization out of the weight decay."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": optimizer.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]


def _mixed_seed(seed: int, epoch: int, step: int) -> int:
    return hash((seed, epoch, step)) & 0x7FFF_FFFF_FFFF_FFFF
