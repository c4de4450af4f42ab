"""ResNet50 (He et al. 2016) with two outputs, and the class map inside its forward pass.

The network ends in global average pooling and a linear layer, so its class activation map
(Zhou et al. 2016) is exact: the mean of the map is the logit.
"""

from __future__ import annotations

import torch
from monai.networks.nets.resnet import ResNet, resnet50
from torch import nn

CLASSES = ("no_tumor", "tumor")


def build_network(*, dropout: float = 0.0) -> ResNet:
    """Return a randomly initialized ResNet50 for three channels and two classes.

    The stem has stride 2: MONAI's default of 1 costs 3.7 times the time, and has the same
    parameter shapes, so that foreign weights would load into another network unnoticed.
    The state dict has the keys of torchvision's ResNet50.

    Args:
        dropout: Share of the pooled features that is dropped in training.

    Returns:
        The network, in channels-last memory format.
    """
    network = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        num_classes=len(CLASSES),
        conv1_t_size=7,
        conv1_t_stride=2,
        shortcut_type="B",
        bias_downsample=False,
    )
    if dropout > 0:
        pooling = nn.Sequential(network.avgpool, nn.Dropout(dropout))
        network.add_module("avgpool", pooling)
    # torch's stubs of `to` leave out the memory format.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def forward_with_map(
    network: ResNet, images: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the tumor logit and the map whose mean it is, from one forward pass.

    Args:
        network: As built by `build_network`.
        images: Shape (batch, 3, height, width), float32, in [-1, 1].

    Returns:
        The logit difference tumor minus no tumor, shape (batch,), and the class
        activation map, shape (batch, height / 32, width / 32), both float32. The mean of
        the map equals the logit to float precision.
    """
    features = feature_map(network, images)  # (batch, 2048, h, w)
    if network.fc is None:
        raise TypeError("a network without a linear head has no class map")
    weight = (network.fc.weight[1] - network.fc.weight[0]).to(features.dtype)
    bias = network.fc.bias[1] - network.fc.bias[0]
    class_map = torch.einsum("bchw,c->bhw", features, weight).float() + bias
    return class_map.mean(dim=(1, 2)), class_map


def feature_map(network: ResNet, images: torch.Tensor) -> torch.Tensor:
    """Return the last convolutional features.

    Args:
        network: As built by `build_network`.
        images: Shape (batch, 3, height, width), float32.

    Returns:
        Shape (batch, 2048, height / 32, width / 32).
    """
    hidden = network.maxpool(network.act(network.bn1(network.conv1(images))))
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        hidden = stage(hidden)
    return hidden
