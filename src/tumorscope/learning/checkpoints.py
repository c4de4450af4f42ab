"""Checkpoints that are whole or not there, written while training goes on."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch.utils._pytree import tree_map_only


class BackgroundCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it, so that a kill harms none.

    A checkpoint has three times the size of the weights, and a disk is slow: a copy in
    memory is written by a thread, and the next epoch begins meanwhile. There is one copy at
    most: the next checkpoint waits until the one before is written.
    """

    def __init__(self) -> None:
        """Write nothing yet."""
        self._writer: ThreadPoolExecutor | None = None
        self._running: Future[None] | None = None

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
        storage_options: Any | None = None,
    ) -> None:
        """Take a copy and begin to write it, as Lightning asks for."""
        self._wait()
        if self._writer is None:
            self._writer = ThreadPoolExecutor(max_workers=1)
        # The weights change while they are written.
        copy = tree_map_only(torch.Tensor, _copy, checkpoint)
        self._running = self._writer.submit(
            self._write, copy, Path(path), storage_options
        )

    def teardown(self) -> None:
        """Wait for the last checkpoint; what went wrong there is raised here."""
        try:
            self._wait()
        finally:
            if self._writer is not None:
                self._writer.shutdown()
                self._writer = None

    def _write(
        self, checkpoint: dict[str, Any], target: Path, storage_options: Any | None
    ) -> None:
        partial = target.with_name(f".{target.name}.partial")
        super().save_checkpoint(checkpoint, partial, storage_options)
        partial.replace(target)

    def _wait(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.result()


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu", copy=True)
