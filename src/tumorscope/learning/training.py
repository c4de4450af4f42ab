"""Fits a network: Lightning's loop, resumable after every epoch."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    ModelCheckpoint,
)
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from tumorscope.domain.errors import ConfigError, TumorscopeError
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.specs import TrainSpec
from tumorscope.learning.callbacks import (
    BEST_WEIGHTS,
    METRICS,
    EpochKeeper,
    RunBar,
    epochs_done,
)
from tumorscope.learning.checkpoints import BackgroundCheckpoints
from tumorscope.learning.data import (
    Batch,
    LearningData,
    make_resident,
    training_loader,
    tuning_loader,
)
from tumorscope.learning.frozen_backbone import FrozenBackboneTask, keep_features
from tumorscope.learning.group_losses import make_group_loss
from tumorscope.learning.hardware import has_native_bf16
from tumorscope.learning.initial_weights import load_initial_weights
from tumorscope.learning.task import EpochRecord, TumorTask

__all__ = [
    "BEST_WEIGHTS",
    "CHECKPOINT",
    "METRICS",
    "TrainedModel",
    "TrainingInterruptedError",
    "fit",
]

CHECKPOINT = "last.ckpt"
_HINTS = (
    # Batches are gathered from a memory map; workers would only cost.
    ".*does not have many workers.*",
    # The folder holds the checkpoint that a resumed run replaces.
    ".*exists and is not empty.*",
    # A run may have been moved since it was stopped.
    ".*dirpath has changed.*",
    # `train.device = "cpu"` was asked for.
    "GPU available but not used.*",
    # Lightning 2.6 flattens batches with a name that torch 2.13 has renamed.
    ".*isinstance\\(treespec, LeafSpec\\).*",
)
"""Warnings of Lightning that tell the user of a fit nothing to act on."""


class TrainingInterruptedError(TumorscopeError):
    """The user stopped the training; the checkpoint of the last epoch is whole."""

    exit_status = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """The weights of the best epoch.

    Attributes:
        weights: State dict of the network on the CPU, float32.
        records: One row for each epoch.
        best_epoch: Epoch (from 1) with the highest tuning AUROC.
        first_weights: What the network started from, in words.
        precision: "32" or "bf16", as trained.
        device: "cpu" or "cuda", as trained.
    """

    weights: Mapping[str, torch.Tensor]
    records: tuple[EpochRecord, ...]
    best_epoch: int
    first_weights: str
    precision: str
    device: str


def fit(
    data: LearningData,
    spec: TrainSpec,
    *,
    folder: Path,
    resume: bool = False,
    progress: Progress = silent,
    show_bar: bool = False,
) -> TrainedModel:
    """Train for `spec.epochs` epochs and return the epoch with the best tuning AUROC.

    Args:
        data: The pixel store and its training and tuning rows.
        spec: The recipe.
        folder: Where checkpoint, best weights, metrics.csv and TensorBoard logs go.
        resume: Go on from the checkpoint in `folder`; without one, from the start.
        progress: Shows the download of first weights.
        show_bar: Whether a bar with the time left is shown.

    Returns:
        The trained model.

    Raises:
        ConfigError: If the device or precision is not to be had here, the folder already
            holds a training and `resume` is off, or mitigation has no groups.
        TrainingInterruptedError: After SIGINT; the last finished epoch is kept.
    """
    checkpoint = folder / CHECKPOINT
    if checkpoint.is_file() and not resume:
        raise ConfigError(
            f"{folder} already holds a training: go on with --resume, or prepare a new "
            "run in another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    device = _device(spec)
    precision = _precision(spec, device)
    if spec.threads:
        torch.set_num_threads(spec.threads)
    torch.manual_seed(spec.seed)
    task = _build_task(data, spec)
    goes_on = checkpoint.is_file()
    if not goes_on or spec.trainable != "all":
        # A resumed training takes its weights from the checkpoint, but for the features
        # of frozen layers.
        task.first_weights = load_initial_weights(
            task.network, spec.initial_weights, progress=progress
        )
    if spec.trainable != "all":
        data = keep_features(
            task.network, data, spec.trainable, folder=folder, progress=progress
        )
    if device == "cuda":
        free_bytes, _ = torch.cuda.mem_get_info()
        data = make_resident(data, torch.device(device), free_bytes=free_bytes)
    with _quiet_lightning(), _graceful_interrupt(folder, spec):
        trainer = _trainer(
            spec, folder, device=device, precision=precision, bar=show_bar
        )
        trainer.fit(
            task,
            _training_loader(data, spec),
            tuning_loader(data, batch_size=max(64, spec.batch_size)),
            ckpt_path=checkpoint if goes_on else None,
            weights_only=True,
        )
    aurocs = [record["tune_auroc"] for record in task.records]
    return TrainedModel(
        weights=load_file(folder / BEST_WEIGHTS),
        records=tuple(task.records),
        best_epoch=int(np.argmax(aurocs)) + 1,
        first_weights=task.first_weights,
        precision=precision,
        device=device,
    )


def _build_task(data: LearningData, spec: TrainSpec) -> TumorTask:
    loader = _training_loader(data, spec)
    class_weights = (1.0, 1.0)
    if spec.balance == "weights":
        counts = np.bincount(data.labels[data.train_rows], minlength=2)
        share = counts.sum() / (2 * counts)
        class_weights = (float(share[0]), float(share[1]))
    kind = TumorTask if spec.trainable == "all" else FrozenBackboneTask
    return kind(
        spec,
        size_px=data.pixels.shape[1],
        total_steps=len(loader) * spec.epochs,
        class_weights=class_weights,
        group_loss=make_group_loss(data, spec),
    )


def _training_loader(data: LearningData, spec: TrainSpec) -> DataLoader[Batch]:
    draws_groups = spec.mitigation in {"group-sampling", "group-dro"}
    return training_loader(
        data,
        batch_size=spec.batch_size,
        seed=spec.seed,
        balance="groups" if draws_groups else spec.balance,
    )


def _trainer(
    spec: TrainSpec,
    folder: Path,
    *,
    device: str,
    precision: str,
    bar: bool,
) -> lightning.Trainer:
    # The keeper comes first: it must see the averaged weights before they are swapped
    # back at the end of the tuning pass.
    callbacks: list[Callback] = [EpochKeeper(folder)]
    if spec.ema_decay > 0:
        callbacks.append(EMAWeightAveraging(decay=spec.ema_decay))
    callbacks.append(
        ModelCheckpoint(
            dirpath=folder,
            filename=Path(CHECKPOINT).stem,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
    )
    if bar:
        callbacks.append(RunBar())
    return lightning.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        devices=1,
        precision="bf16-mixed" if precision == "bf16" else "32-true",
        max_epochs=spec.epochs,
        gradient_clip_val=spec.optimizer.clip_norm or None,
        num_sanity_val_steps=0,
        logger=False,
        callbacks=callbacks,
        plugins=[BackgroundCheckpoints()],
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _device(spec: TrainSpec) -> str:
    available = torch.cuda.is_available()
    if spec.device == "cuda" and not available:
        raise ConfigError("train.device=cuda, but no CUDA device is to be seen")
    if spec.device == "auto":
        return "cuda" if available else "cpu"
    return spec.device


def _precision(spec: TrainSpec, device: str) -> str:
    if spec.precision != "auto":
        return spec.precision
    if device == "cuda":
        return (
            "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "32"
        )
    return "bf16" if has_native_bf16() else "32"


@contextmanager
def _graceful_interrupt(folder: Path, spec: TrainSpec) -> Iterator[None]:
    """Turn SIGINT into an exception that names the way to go on."""
    in_main_thread = threading.current_thread() is threading.main_thread()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        done = epochs_done(folder)
        raise TrainingInterruptedError(
            f"stopped after {done} of {spec.epochs} epochs; `tumorscope train ... "
            f"--resume` goes on from there (checkpoint: {folder / CHECKPOINT})"
        )

    before = signal.signal(signal.SIGINT, stop) if in_main_thread else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep hints that do not apply here from the user; warnings that do still come."""
    logger = logging.getLogger("lightning.pytorch")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for hint in _HINTS:
                warnings.filterwarnings("ignore", message=hint)
            yield
    finally:
        logger.setLevel(before)
