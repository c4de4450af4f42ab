"""Networks that learned nothing, and slices with a little noise: what maps are checked by.

References:
    Adebayo et al. 2018, Sanity checks for saliency maps (model parameter randomization).
"""

from __future__ import annotations

import numpy as np
import torch
from monai.networks.nets.resnet import ResNet
from numpy.typing import NDArray

from tumorscope.domain.specs import ExplainSpec
from tumorscope.explanation.methods import LogitDifference, class_activation_map
from tumorscope.learning.network import build_network

_INPUT_RANGE = 2.0
"""The network's input runs from -1 to 1."""


def build_randomized(seed: int) -> ResNet:
    """Return the network with all weights drawn anew, none of them trained.

    The draw is fenced off: the global state of torch's generator, which training owns,
    is the same before and after.

    Args:
        seed: Of the draw.

    Returns:
        The network in evaluation mode; its parameters need no gradient.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network()
    return network.eval().requires_grad_(requires_grad=False)


def add_noise(
    images: NDArray[np.float32], *, share: float, seeds: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the images with Gaussian noise.

    Args:
        images: Shape (batch, 3, height, width), float32, in [-1, 1]; left unchanged.
        share: Standard deviation as a share of the range of intensities.
        seeds: Shape (batch, words), not negative: a slice has the same noise in every
            batch.

    Returns:
        Same shape, clipped to [-1, 1].
    """
    noise = np.stack(
        [
            np.random.default_rng(seed).normal(0, share * _INPUT_RANGE, image.shape)
            for seed, image in zip(seeds, images, strict=True)
        ]
    )
    return np.clip(images + noise, -1, 1).astype(np.float32)


def completeness_errors(
    network: ResNet, images: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return |logit - mean of the class map| of each slice.

    The logit is that of the whole network, with its own pooling and linear layer; the map
    is computed on a way of its own. Both agree to float precision, or the map is not the
    decision.

    Args:
        network: In evaluation mode.
        images: Shape (batch, 3, height, width), float32, in [-1, 1].

    Returns:
        Shape (batch,), float64, in logit units.
    """
    device = next(network.parameters()).device
    batch = torch.from_numpy(images).to(device)
    with torch.no_grad():
        logit = LogitDifference(network)(batch).double()
        pooled = class_activation_map(network, batch, ExplainSpec()).double()
    errors = (logit - pooled.mean(dim=(1, 2))).abs()
    return np.asarray(errors.cpu().numpy(), dtype=np.float64)
