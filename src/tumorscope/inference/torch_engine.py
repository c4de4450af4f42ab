"""The network of a bundle, run by torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.networks.nets.resnet import ResNet
from numpy.typing import NDArray

from tumorscope.domain.errors import BundleError
from tumorscope.learning.network import (
    build_network,
    feature_map,
    forward_with_map,
)


class TorchEngine:
    """Runs the network on the CPU or, where there is one, on a CUDA device."""

    def __init__(
        self, weights: Mapping[str, NDArray[Any]], *, device: str = "auto"
    ) -> None:
        """Build the network and load its weights.

        Args:
            weights: State dict of the network as arrays.
            device: "cpu", "cuda", or "auto".

        Raises:
            BundleError: If the weights belong to another network.
        """
        has_cuda = torch.cuda.is_available()
        chosen = ("cuda" if has_cuda else "cpu") if device == "auto" else device
        self._device = torch.device(chosen)
        self.network = load_network(weights).to(self._device)

    def run(
        self, images: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score a batch.

        Args:
            images: Shape (batch, 3, height, width), float32, in [-1, 1].

        Returns:
            Tumor logit, shape (batch,), and class activation map, shape (batch, h, w),
            both float32; the mean of the map is the logit.
        """
        with torch.inference_mode():
            batch = torch.from_numpy(images).to(self._device)
            logit, class_map = forward_with_map(self.network, batch)
        return logit.cpu().numpy(), class_map.cpu().numpy()

    def penultimate(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the linear head sees of a batch.

        Args:
            images: Shape (batch, 3, height, width), float32, in [-1, 1].

        Returns:
            Shape (batch, 2048), float32: the last features, averaged over the picture.
        """
        with torch.inference_mode():
            batch = torch.from_numpy(images).to(self._device)
            pooled = feature_map(self.network, batch).float().mean(dim=(2, 3))
        return pooled.cpu().numpy()


def load_network(weights: Mapping[str, NDArray[Any]]) -> ResNet:
    """Return the network with these weights, ready for inference.

    Args:
        weights: State dict as arrays.

    Returns:
        The network in evaluation mode; its parameters need no gradient.

    Raises:
        BundleError: If the weights belong to another network.
    """
    network = build_network()
    tensors = {
        name: torch.from_numpy(np.array(value)) for name, value in weights.items()
    }
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise BundleError(
            f"the weights are not those of this ResNet50: {str(error)[:300]}"
        ) from error
    return network.eval().requires_grad_(requires_grad=False)
