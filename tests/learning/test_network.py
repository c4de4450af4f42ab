"""ResNet50 with two outputs, and the class map inside its forward pass."""

from __future__ import annotations

import pytest
import torch

from tumorscope.learning.network import build_network, feature_map, forward_with_map

TORCHVISION = {  # some of the 320 entries of torchvision's ResNet50, with their shapes
    "conv1.weight": (64, 3, 7, 7),
    "bn1.running_var": (64,),
    "bn1.num_batches_tracked": (),
    "layer1.0.conv1.weight": (64, 64, 1, 1),
    "layer1.0.downsample.0.weight": (256, 64, 1, 1),
    "layer1.0.downsample.1.bias": (256,),
    "layer2.3.conv2.weight": (128, 128, 3, 3),
    "layer3.5.bn3.weight": (1024,),
    "layer4.0.downsample.0.weight": (2048, 1024, 1, 1),
    "layer4.2.conv3.weight": (2048, 512, 1, 1),
    "fc.weight": (2, 2048),  # torchvision: 1000 classes
    "fc.bias": (2,),
}


@pytest.fixture(scope="module")
def network():
    """Return a network whose batch normalization has seen some pictures."""
    torch.manual_seed(0)
    network = build_network().train()
    images = torch.rand(4, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        for _ in range(12):
            network(images)
    return network.eval()


def test_last_map_is_four_by_four_at_128_pixels(network):
    """The stem has stride 2; with MONAI's default of 1 this map would be 8 x 8."""
    with torch.no_grad():
        features = feature_map(network, torch.zeros(1, 3, 128, 128))

    assert features.shape == (1, 2048, 4, 4)


def test_state_dict_is_that_of_torchvision():
    """Published weights load as they are: same names, same shapes, same count."""
    state = build_network().state_dict()

    assert len(state) == 320
    assert {name: tuple(state[name].shape) for name in TORCHVISION} == TORCHVISION
    assert sum(value.numel() for value in build_network().parameters()) == 23_512_130


def test_dropout_changes_no_name():
    """Weights of a recipe with dropout load into one without."""
    assert set(build_network(dropout=0.5).state_dict()) == set(
        build_network().state_dict()
    )


def test_dropout_acts_on_the_features_in_training_only():
    """In evaluation mode, dropout is no part of the network."""
    network = build_network(dropout=0.5)
    features = torch.ones(1, 2048, 2, 2)

    dropped = network.train().avgpool(features)
    kept = network.eval().avgpool(features)

    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert set(kept.unique().tolist()) == {1.0}


def test_mean_of_the_map_is_the_logit_of_the_network(network):
    """The class map is exact: it adds up to the very number that is reported."""
    images = torch.rand(3, 3, 96, 96) * 2 - 1

    with torch.no_grad():
        logits = network(images)
        logit, class_map = forward_with_map(network, images)

    assert class_map.shape == (3, 3, 3)
    torch.testing.assert_close(logit, class_map.mean(dim=(1, 2)), rtol=0, atol=0)
    torch.testing.assert_close(logit, logits[:, 1] - logits[:, 0], rtol=1e-4, atol=1e-5)
    assert (class_map.std(dim=(1, 2)) > 1e-3).all()


def test_network_is_channels_last():
    """The layout that convolutions are fastest in."""
    weight = build_network().conv1.weight

    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_network_without_head_has_no_class_map():
    """What has no linear layer has no exact map, and says so."""
    network = build_network().eval()
    network.fc = None

    with pytest.raises(TypeError, match="no class map"):
        forward_with_map(network, torch.zeros(1, 3, 32, 32))
