"""Training of the last layers only, on what the frozen ones make of each slice once.

The first layers of a trained network see edges and textures that serve many tasks. Where they
stay as they are, their output of a slice never changes: it is computed once and kept, and
an epoch reads it instead of computing it. So nothing is augmented, which is the price.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from monai.networks.nets.resnet import ResNet
from numpy.typing import NDArray
from torch import nn

from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.train_spec import TrainSpec
from tumorscope.learning.data import Batch, LearningData
from tumorscope.learning.task import TumorTask

FEATURES = "features.npy"
_BATCH = 64
TrainablePart = Literal["layer4", "head"]


class FrozenBackboneTask(TumorTask):
    """Learns `layer4` and the head, or the head alone, from kept features.

    Frozen layers do not run here at all, so their batch normalization stays as it is.
    """

    def train_logits(self, batch: Batch, _batch_index: int) -> torch.Tensor:
        """Return the logits of kept features; there is nothing to augment."""
        return run_tail(self.network, batch[0].float())

    def tune_logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the logits of kept features."""
        return run_tail(self.network, pixels.float())

    def trained_part(self) -> nn.Module:
        """Return the layers behind the kept features."""
        return nn.ModuleList(tail_of(self.network, self.spec))


def tail_of(network: ResNet, spec: TrainSpec) -> list[nn.Module]:
    """Return the layers that are trained, in their order."""
    if network.fc is None:
        raise TypeError("a network without a linear head cannot be trained")
    return [network.fc] if spec.trainable == "head" else [network.layer4, network.fc]


def run_tail(network: ResNet, features: torch.Tensor) -> torch.Tensor:
    """Run what comes behind kept features.

    Args:
        network: The whole network.
        features: Shape (batch, 1024, height, width), output of `layer3`, or (batch, 2048,
            1, 1), the pooled output of `layer4`.

    Returns:
        Logits, shape (batch, 2).
    """
    if network.fc is None:
        raise TypeError("a network without a linear head has no logits")
    is_pooled = features.shape[1] == network.fc.in_features
    hidden = features if is_pooled else network.layer4(features)
    logits: torch.Tensor = network.fc(network.avgpool(hidden).flatten(1))
    return logits


def keep_features(
    network: ResNet,
    data: LearningData,
    part: TrainablePart,
    *,
    folder: Path,
    progress: Progress = silent,
) -> LearningData:
    """Run the frozen layers over all training and tuning slices, once.

    Args:
        network: With the weights that stay.
        data: The pixel store and its rows.
        part: What is going to be trained.
        folder: Where the features are kept, as a file that is mapped into memory. A file
            that is there is taken as it is: a resumed training goes on with it.
        progress: Shows how far it got.

    Returns:
        The same rows, with features in the place of pixels: shape (slices, height, width,
        channels), float16. Rows of no part are not computed.
    """
    path = folder / FEATURES
    if not path.is_file():
        partial = path.with_name(f".{path.name}.partial")
        was_training = network.training
        _write(network.eval(), data, partial, part=part, progress=progress)
        network.train(was_training)
        partial.replace(path)
    return replace(data, pixels=np.load(path, mmap_mode="r"))


def _write(
    network: ResNet,
    data: LearningData,
    path: Path,
    *,
    part: TrainablePart,
    progress: Progress,
) -> None:
    rows = np.sort(np.concatenate([data.train_rows, data.tune_rows]))
    found = _run_frozen(network, np.asarray(data.pixels[rows[:1]]), part)
    shape = (len(data.pixels), *found.shape[1:])
    kept = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    starts = range(0, len(rows), _BATCH)
    for start in progress(starts, total=len(starts), label="frozen layers"):
        chosen = rows[start : start + _BATCH]
        kept[chosen] = _run_frozen(network, np.asarray(data.pixels[chosen]), part)
    kept.flush()


@torch.inference_mode()
def _run_frozen(
    network: ResNet, pixels: NDArray[np.uint8], part: TrainablePart
) -> NDArray[np.float16]:
    device = next(network.parameters()).device
    images = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    hidden = network.maxpool(network.act(network.bn1(network.conv1(images))))
    for stage in (network.layer1, network.layer2, network.layer3):
        hidden = stage(hidden)
    if part == "head":
        hidden = network.layer4(hidden).mean(dim=(2, 3), keepdim=True)
    # float16 holds activations to three digits, and 131 kB of `layer3` for each slice.
    return hidden.permute(0, 2, 3, 1).half().cpu().numpy()
