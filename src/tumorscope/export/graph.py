"""The network of a bundle as an ONNX graph: logit and class map from one pass."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from tumorscope.domain.engine import CLASS_MAP, INPUT, LOGIT, OPSET
from tumorscope.inference.torch_engine import load_network
from tumorscope.learning.network import forward_with_map


class LogitAndMap(nn.Module):
    """A wrapper with the outputs that serving needs; the network itself stays as it is."""

    def __init__(self, network: nn.Module) -> None:
        """Keep the network, in evaluation mode."""
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logit, shape (batch,), and map, shape (batch, h, w), of images."""
        # The type of a child module is lost on its way through nn.Module.
        return forward_with_map(self.network, images)  # type: ignore[arg-type]


def to_onnx(weights: Mapping[str, NDArray[Any]], *, size_px: int) -> bytes:
    """Turn weights into an ONNX graph, the common source of every engine.

    The class map is a second output of the same graph, so that an explanation costs no
    second pass. In evaluation mode the exporter folds each batch normalization into the
    convolution before it.

    Args:
        weights: State dict of the network.
        size_px: Height and width of its input, in pixels.

    Returns:
        The graph: input "images" of shape (any batch, 3, size, size), float32, in
        [-1, 1]; outputs "logit" (batch,) and "class_map" (batch, size / 32, size / 32).

    Raises:
        BundleError: If the weights belong to another network.
    """
    network = LogitAndMap(load_network(weights)).eval()
    # Two images: a batch of one would be taken for a constant.
    example = torch.zeros(2, 3, size_px, size_px)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "graph.onnx"
        # The tracing exporter is announced as deprecated; its successor needs
        # onnxscript, and gives the same 53 convolutions.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (example,),
            path,
            input_names=[INPUT],
            output_names=[LOGIT, CLASS_MAP],
            dynamic_axes={name: {0: "batch"} for name in (INPUT, LOGIT, CLASS_MAP)},
            opset_version=OPSET,
            dynamo=False,
        )
        return path.read_bytes()
