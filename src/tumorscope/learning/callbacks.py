"""What Lightning calls while a network is fitted: log, weights, checkpoint, bar.

Every file is written beside its place and renamed, so that a kill harms none.
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from safetensors.torch import save_file
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tumorscope.learning.task import EpochRecord, TumorTask

BEST_WEIGHTS = "best.safetensors"
METRICS = "metrics.csv"


class ClosedAtEnd(Callback, ABC):
    """Holds something that is closed once, after a fit as after an error."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def on_fit_end(
        self, _trainer: lightning.Trainer, _module: lightning.LightningModule
    ) -> None:
        """Close after the last epoch."""
        self.close()

    def on_exception(
        self,
        _trainer: lightning.Trainer,
        _module: lightning.LightningModule,
        _exception: BaseException,
    ) -> None:
        """Close after an error or an interruption."""
        self.close()


class EpochKeeper(ClosedAtEnd):
    """Writes the log and the best weights at the end of each epoch."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder that log and weights go to; it must exist."""
        self._folder = folder
        self._board: SummaryWriter | None = None

    def on_train_start(
        self, trainer: lightning.Trainer, _module: lightning.LightningModule
    ) -> None:
        """Open the TensorBoard log; steps after the checkpoint are dropped from it."""
        self._board = SummaryWriter(
            self._folder / "tensorboard", purge_step=trainer.current_epoch + 1
        )

    def on_validation_epoch_end(
        self, _trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Close the epoch: keep its weights if they are the best, then write the log."""
        if not isinstance(module, TumorTask):
            raise TypeError(type(module).__name__)
        record = module.close_epoch()
        if record["tune_auroc"] > module.best_auroc:
            module.best_auroc = record["tune_auroc"]
            _save_weights(module, self._folder / BEST_WEIGHTS)
        _write_metrics(self._folder / METRICS, module.records)
        if self._board is not None:
            for name, value in record.items():
                if name != "epoch":
                    self._board.add_scalar(name, value, global_step=record["epoch"])
            self._board.flush()

    def close(self) -> None:
        """Close the TensorBoard log."""
        if self._board is not None:
            self._board.close()


class RunBar(ClosedAtEnd):
    """One bar for the whole run, so that the time left is the time that matters."""

    def __init__(self) -> None:
        """Show nothing yet: how many steps there are is known at the start."""
        self._bar: Any = None

    def on_train_start(
        self, trainer: lightning.Trainer, _module: lightning.LightningModule
    ) -> None:
        """Show the bar at the step that the checkpoint had reached."""
        steps = int(trainer.num_training_batches)
        self._bar = tqdm(
            total=steps * int(trainer.max_epochs or 0),
            initial=steps * trainer.current_epoch,
            desc=f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}",
            unit="step",
            disable=None,
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, *_args: Any) -> None:
        """Count one step."""
        self._bar.update()

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Show the numbers of the epoch."""
        if isinstance(module, TumorTask) and module.records:
            record = module.records[-1]
            self._bar.set_postfix(
                loss=f"{record['train_loss']:.3f}",
                tune_loss=f"{record['tune_loss']:.3f}",
                tune_auroc=f"{record['tune_auroc']:.3f}",
            )
        upcoming = min(trainer.current_epoch + 2, int(trainer.max_epochs or 0))
        self._bar.set_description(f"epoch {upcoming}/{trainer.max_epochs}")

    def close(self) -> None:
        """Close the bar, so that what is printed next stands on its own line."""
        if self._bar is not None:
            self._bar.close()


def _save_weights(module: TumorTask, path: Path) -> None:
    weights = {
        name: value.detach().to("cpu", torch.float32).contiguous()
        if value.is_floating_point()
        else value.cpu()
        for name, value in module.network.state_dict().items()
    }
    partial = path.with_name(f".{path.name}.partial")
    save_file(weights, partial)
    partial.replace(path)


def _write_metrics(path: Path, records: list[EpochRecord]) -> None:
    """Write the whole log anew: after a kill no row is missing and none is doubled."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(EpochRecord.__annotations__))
        writer.writeheader()
        writer.writerows(dict(record) for record in records)
    partial.replace(path)


def epochs_done(folder: Path) -> int:
    """Return how many epochs the log of a training holds; 0 where there is none."""
    metrics = folder / METRICS
    if not metrics.is_file():
        return 0
    return len(metrics.read_text(encoding="utf-8").splitlines()) - 1
