"""The peer: MONAI and PyTorch as a researcher writes them down at first.

Files are decoded in every epoch, each slice passes dictionary transforms of its own, the
network is the same ResNet50. `tuned` gives the loop the switches that Tumorscope uses:
channels-last memory, fused Adam, and bf16 autocast where the hardware has it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from monai.data import Dataset
from monai.networks.nets import resnet50
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    EnsureTyped,
    LoadImaged,
    RandFlipd,
    RandRotated,
    RepeatChanneld,
    Resized,
    ScaleIntensityd,
)
from stopwatch import Stamp, StepClock
from torch.nn import functional
from torch.utils.data import DataLoader

ROTATION_DEGREES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """What both sides share, and the switches of this one.

    Attributes:
        batch: Slices in a step.
        size_px: Side of the network's input, in pixels.
        device: "cpu" or "cuda".
        workers: Processes that load; 0 loads in the loop.
        tuned: Channels-last memory and fused Adam.
        bf16: Autocast to bf16.
        is_grey: Whether the files have one channel.
    """

    batch: int
    size_px: int
    device: str
    workers: int = 0
    tuned: bool = False
    bf16: bool = False
    is_grey: bool = False


class PlainLoop:
    """Keeps network and optimizer between the rounds."""

    def __init__(
        self, files: Sequence[Path], labels: Sequence[int], settings: LoopSettings
    ) -> None:
        """Build network, optimizer and loader."""
        self.settings = settings
        self.network = build_peer_network(tuned=settings.tuned).to(settings.device)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=1e-3, fused=settings.tuned or None
        )
        entries = [
            {"image": str(file), "label": label}
            for file, label in zip(files, labels, strict=True)
        ]
        self.loader = DataLoader(
            Dataset(entries, transform=_transforms(settings)),
            batch_size=settings.batch,
            shuffle=True,
            drop_last=True,
            num_workers=settings.workers,
        )

    def run(self, clock: StepClock) -> Stamp:
        """Train one epoch; the clock counts its steps."""
        for batch in self.loader:
            images = batch["image"].to(self.settings.device)
            if self.settings.tuned:
                images = images.contiguous(memory_format=torch.channels_last)
            labels = batch["label"].to(self.settings.device)
            train_step(
                self.network, self.optimizer, (images, labels), settings=self.settings
            )
            clock.step()
        return clock.elapsed()


def build_peer_network(*, tuned: bool) -> torch.nn.Module:
    """Return MONAI's ResNet50 with the stride-2 stem that Tumorscope has, too."""
    network = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        num_classes=2,
        conv1_t_stride=2,
        shortcut_type="B",
        bias_downsample=False,
    )
    return network.to(memory_format=torch.channels_last) if tuned else network


def train_step(
    network: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: tuple[torch.Tensor, torch.Tensor],
    *,
    settings: LoopSettings,
) -> None:
    """Run forward, backward and optimizer once, and nothing else.

    Args:
        network: In training mode.
        optimizer: Of its parameters.
        batch: Images, shape (batch, 3, size, size), float32, and labels, shape (batch,),
            on the device.
        settings: Device and precision.
    """
    images, labels = batch
    optimizer.zero_grad()
    with torch.autocast(settings.device, torch.bfloat16, enabled=settings.bf16):
        logits = network(images)
    functional.cross_entropy(logits.float(), labels).backward()
    optimizer.step()


def _loader() -> LoadImaged:
    with warnings.catch_warnings():
        # MONAI tries all its readers first, and one of them wants a GPU's codec.
        warnings.filterwarnings("ignore", message="NvImgCodec")
        return LoadImaged("image", reader="PILReader")


def _transforms(settings: LoopSettings) -> Compose:
    radians = math.radians(ROTATION_DEGREES)
    size = (settings.size_px, settings.size_px)
    return Compose(
        [
            _loader(),
            EnsureChannelFirstd("image"),
            *([RepeatChanneld("image", 3)] if settings.is_grey else []),
            ScaleIntensityd("image"),
            Resized("image", spatial_size=size),
            RandRotated("image", range_x=radians, prob=1.0),
            RandFlipd("image", prob=0.5, spatial_axis=0),
            RandFlipd("image", prob=0.5, spatial_axis=1),
            EnsureTyped("image", track_meta=False),
        ]
    )
