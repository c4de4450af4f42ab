"""Attribution methods: an exact class activation map, and three from Captum beside it.

The network ends in global average pooling and a linear layer, so the class activation map
is no approximation: its mean is the logit. The other three are there for comparison.
Every method attributes the same number, the tumor logit minus the no-tumor logit, and
keeps its sign: positive moved the score towards tumor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Occlusion
from monai.networks.nets.resnet import ResNet
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.specs import ExplainSpec
from tumorscope.learning.network import forward_with_map
from tumorscope.preprocessing import CHANNELS, to_network_input

BACKGROUND = float(to_network_input(np.zeros((1, 1, 1, CHANNELS), np.uint8)).item(0))
"""What a blank pixel is at the network's input: the baseline of "nothing there"."""

SLICES_AT_ONCE = 8
"""Slices explained together, so that memory does not grow with the batch."""
EVALUATIONS_AT_ONCE = 16
"""Images in one pass of a method that needs many passes for each slice."""

Method = Callable[[ResNet, Tensor, ExplainSpec], Tensor]


class LogitDifference(nn.Module):
    """The one number that is attributed: tumor logit minus no-tumor logit."""

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Score a batch.

        Args:
            images: Shape (batch, 3, height, width), float32.

        Returns:
            Shape (batch,), float32.
        """
        logits: Tensor = self.network(images)  # (batch, 2)
        return logits[:, 1] - logits[:, 0]


def explain_batch(
    network: ResNet, images: NDArray[np.float32], spec: ExplainSpec
) -> dict[str, NDArray[np.float32]]:
    """Attribute the score of each slice to the pixels of the network's input.

    The network runs in evaluation mode and is left in the mode that it was in; its
    parameters get no gradients. `SLICES_AT_ONCE` bounds the memory.

    Args:
        network: ResNet from `tumorscope.learning.network.build_network`.
        images: Shape (batch, 3, height, width), float32, from `to_network_input`.
        spec: Methods and their settings.

    Returns:
        For each method of the spec, in its order, maps of shape (batch, height, width),
        float32, signed. Coarse maps are upsampled bilinearly (half-pixel centers).

    Raises:
        DataError: If the images have another shape, or are not finite.
        ConfigError: If the occlusion window does not fit the images.
    """
    if images.ndim != 4 or images.shape[1] != CHANNELS or images.size == 0:
        raise DataError(
            f"images have shape (batch, {CHANNELS}, height, width); found {images.shape}"
        )
    if not np.isfinite(images).all():
        raise DataError("images hold values that are not finite: check the pixel store")
    _check_occlusion(spec, min(images.shape[2:]))
    device = next(network.parameters()).device
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in spec.methods}
    with _evaluation_mode(network):
        for start in range(0, len(images), SLICES_AT_ONCE):
            # A copy: torch warns of read-only memory, which a pixel store may be.
            chunk = torch.from_numpy(np.array(images[start : start + SLICES_AT_ONCE]))
            for name, maps in parts.items():
                made = METHODS[name](network, chunk.to(device), spec)
                maps.append(_upsample(made, images.shape[2:]))
    return {name: np.concatenate(maps) for name, maps in parts.items()}


def class_activation_map(network: ResNet, images: Tensor, _spec: ExplainSpec) -> Tensor:
    """Return the exact class activation map of the logit difference.

    Args:
        network: ResNet from `build_network`, in evaluation mode.
        images: Shape (batch, 3, height, width), float32.

    Returns:
        Shape (batch, height / 32, width / 32), float32; the mean of each map is the
        logit difference of its slice.

    References:
        Zhou et al. 2016, Learning deep features for discriminative localization, eq. 2.
    """
    with torch.no_grad():
        _, maps = forward_with_map(network, images)
    return maps


def gradient_class_activation_map(
    network: ResNet, images: Tensor, _spec: ExplainSpec
) -> Tensor:
    """Return Grad-CAM on the last block, without its closing ReLU.

    The ReLU would hide what speaks against a tumor. For this network the result is the
    class activation map without its bias, divided by height x width of the map; it
    stands here as the name that readers look for, and as a check of both.

    Args:
        network: ResNet from `build_network`, in evaluation mode.
        images: Shape (batch, 3, height, width), float32.

    Returns:
        Shape (batch, height / 32, width / 32), float32.

    References:
        Selvaraju et al. 2017, Grad-CAM, eq. 1 and 2 (without the ReLU).
    """
    score = LogitDifference(network)
    grad_cam = LayerGradCam(score, score.get_submodule("network.layer4"))
    # The gradient must reach the last block even where all weights are frozen.
    inputs = images.detach().clone().requires_grad_()
    maps: Tensor = grad_cam.attribute(inputs, relu_attributions=False)
    return maps.detach().squeeze(1)  # (batch, 1, h, w) -> (batch, h, w)


def integrated_gradients(network: ResNet, images: Tensor, spec: ExplainSpec) -> Tensor:
    """Return integrated gradients from a blank image, summed over the sequences.

    Args:
        network: ResNet from `build_network`, in evaluation mode.
        images: Shape (batch, 3, height, width), float32.
        spec: Steps of the integral (Gauss-Legendre).

    Returns:
        Shape (batch, height, width), float32. With enough steps the sum over a map is
        the logit difference of the slice minus that of a blank image.

    References:
        Sundararajan et al. 2017, Axiomatic attribution for deep networks, eq. 1.
    """
    maps: Tensor = IntegratedGradients(LogitDifference(network)).attribute(
        images,
        baselines=BACKGROUND,
        n_steps=spec.integrated_gradients_steps,
        internal_batch_size=max(EVALUATIONS_AT_ONCE, len(images)),
    )
    return maps.detach().sum(dim=1)  # (batch, 3, h, w) -> (batch, h, w)


def occlusion(network: ResNet, images: Tensor, spec: ExplainSpec) -> Tensor:
    """Return how far the score falls when a square is blanked in all sequences.

    Args:
        network: ResNet from `build_network`, in evaluation mode.
        images: Shape (batch, 3, height, width), float32.
        spec: Side and step of the square.

    Returns:
        Shape (batch, height, width), float32: the fall of the logit difference, averaged
        over the squares that cover a pixel.

    References:
        Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, 4.2.
    """
    side, step = spec.occlusion_window_px, spec.occlusion_stride_px
    with torch.no_grad():
        maps: Tensor = Occlusion(LogitDifference(network)).attribute(
            images,
            sliding_window_shapes=(CHANNELS, side, side),
            strides=(CHANNELS, step, step),
            baselines=BACKGROUND,
            perturbations_per_eval=max(1, EVALUATIONS_AT_ONCE // len(images)),
        )
    # The square covers all channels, so that each holds the same map.
    return maps[:, 0].float()


METHODS: dict[str, Method] = {
    "cam": class_activation_map,
    "grad_cam": gradient_class_activation_map,
    "integrated_gradients": integrated_gradients,
    "occlusion": occlusion,
}
"""The methods under their names in `ExplainSpec`."""


@contextmanager
def _evaluation_mode(network: nn.Module) -> Iterator[None]:
    # Each module's own mode: a frozen batch norm must not wake up in training mode.
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _upsample(maps: Tensor, size: tuple[int, ...]) -> NDArray[np.float32]:
    if maps.shape[1:] != size:
        maps = interpolate(
            maps[:, None], size=size, mode="bilinear", align_corners=False
        )[:, 0]
    return maps.float().cpu().numpy()


def _check_occlusion(spec: ExplainSpec, side_px: int) -> None:
    if "occlusion" not in spec.methods:
        return
    window, stride = spec.occlusion_window_px, spec.occlusion_stride_px
    if window > side_px or stride > window:
        raise ConfigError(
            f"occlusion: a window of {window} pixels with a step of {stride} does not "
            f"cover an input of {side_px} pixels; set explain.occlusion_window_px to at "
            f"most {side_px} and explain.occlusion_stride_px to at most the window"
        )
