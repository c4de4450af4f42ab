"""Attribution methods on a small random network with calibrated batch norm."""

import numpy as np
import pytest
import torch

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.specs import ExplainSpec
from tumorscope.explanation.methods import (
    BACKGROUND,
    METHODS,
    SLICES_AT_ONCE,
    LogitDifference,
    explain_batch,
)
from tumorscope.learning.network import build_network, forward_with_map

SIZE = 64


@pytest.fixture(scope="module")
def images():
    """Return two slices (2, 3, SIZE, SIZE): a disc on background, and noise on it."""
    rng = np.random.default_rng(0)
    rows, columns = np.ogrid[:SIZE, :SIZE]
    disc = np.hypot(rows - 32, columns - 32) < 25
    noise = rng.uniform(-1, 1, (2, 3, SIZE, SIZE))
    return np.where(disc, noise, BACKGROUND).astype(np.float32)


@pytest.fixture(scope="module")
def network(images):
    """Return a random network whose batch norm knows these slices.

    Without that the features of a random network may be zero everywhere, and a comparison
    of maps would hold for nothing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = build_network()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    made.train()
    with torch.no_grad():
        made(torch.from_numpy(images))
    return made.eval()


def one_method(name, **changes):
    """Return a spec of a single method."""
    return ExplainSpec(methods=(name,), **changes)


def score_of(network, images):
    """Return the logit difference of each slice."""
    with torch.no_grad():
        return LogitDifference(network)(torch.from_numpy(images)).numpy()


def test_background_is_what_a_blank_pixel_becomes():
    """The baseline of "nothing there" is the darkest input, not the middle grey of 0."""
    assert BACKGROUND == -1.0


def test_mean_of_the_class_map_is_the_logit(network, images):
    """The class activation map is exact, and it varies, so that this means something."""
    inputs = torch.from_numpy(images)

    maps = METHODS["cam"](network, inputs, ExplainSpec())

    assert maps.shape == (2, 2, 2)
    assert float(maps.std()) > 0.01
    np.testing.assert_allclose(
        maps.mean(dim=(1, 2)).numpy(), score_of(network, images), rtol=1e-5, atol=1e-6
    )


def test_grad_cam_is_the_class_map_up_to_its_size_and_bias(network, images):
    """Grad-CAM x height x width + bias equals the map, negative values included."""
    inputs = torch.from_numpy(images)
    with torch.no_grad():
        _, exact = forward_with_map(network, inputs)
    bias = float((network.fc.bias[1] - network.fc.bias[0]).detach())

    maps = METHODS["grad_cam"](network, inputs, ExplainSpec())

    assert float(exact.std()) > 0.01
    assert float(maps.min()) < 0
    pixels = exact.shape[1] * exact.shape[2]
    torch.testing.assert_close(maps * pixels + bias, exact, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_of_a_linear_score_are_exact():
    """A linear score gives weight x distance from background, which adds up to it."""
    rng = np.random.default_rng(0)
    inputs = torch.from_numpy(rng.uniform(-1, 1, (2, 3, 4, 4)).astype(np.float32))
    linear = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2))
    weight = (linear[1].weight[1] - linear[1].weight[0]).detach().reshape(3, 4, 4)
    blank = torch.full_like(inputs, BACKGROUND)

    maps = METHODS["integrated_gradients"](linear, inputs, ExplainSpec())

    expected = (weight * (inputs - BACKGROUND)).sum(dim=1)
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        change = LogitDifference(linear)(inputs) - LogitDifference(linear)(blank)
    torch.testing.assert_close(maps.sum(dim=(1, 2)), change, rtol=1e-4, atol=1e-4)


def test_integrated_gradients_follow_the_path_through_the_network(network, images):
    """The maps are the Gauss-Legendre sum of gradients between blank slice and slice."""
    spec = one_method("integrated_gradients", integrated_gradients_steps=2)
    nodes, weights = np.polynomial.legendre.leggauss(2)
    distance = torch.from_numpy(images) - BACKGROUND
    gradient = torch.zeros_like(distance)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        point = (BACKGROUND + float(node) * distance).requires_grad_()
        score = LogitDifference(network)(point).sum()
        gradient += float(weight) * torch.autograd.grad(score, point)[0]

    maps = explain_batch(network, images, spec)["integrated_gradients"]

    expected = (gradient * distance).sum(dim=1).numpy()
    assert np.abs(expected).max() > 0.01
    assert np.corrcoef(maps.ravel(), expected.ravel())[0, 1] > 0.999


def test_occlusion_is_the_fall_of_the_score(network, images):
    """With windows side by side each pixel holds the fall when its window is blanked."""
    spec = one_method("occlusion", occlusion_window_px=32, occlusion_stride_px=32)
    blanked = images.copy()
    blanked[:, :, 32:, :32] = BACKGROUND

    maps = explain_batch(network, images, spec)["occlusion"]

    fall = score_of(network, images) - score_of(network, blanked)
    assert np.abs(fall).min() > 1e-3
    for shown, expected in zip(maps[:, 32:, :32], fall, strict=True):
        np.testing.assert_allclose(shown, expected, rtol=1e-3, atol=1e-5)


def test_all_methods_leave_the_network_as_it_was(network, images):
    """Maps have the input's size, methods keep their order, no gradient or mode stays."""
    spec = ExplainSpec(integrated_gradients_steps=2, occlusion_window_px=64)
    before = images.copy()
    network.train()
    network.bn1.eval()

    maps = explain_batch(network, images, spec)

    assert tuple(maps) == spec.methods
    for each in maps.values():
        assert each.shape == (2, SIZE, SIZE)
        assert each.dtype == np.float32
    assert network.training
    assert not network.bn1.training
    assert all(parameter.grad is None for parameter in network.parameters())
    np.testing.assert_array_equal(images, before)
    network.eval()


def test_maps_do_not_depend_on_the_batch_or_on_frozen_weights(network, images):
    """More slices than fit at once, read-only and with frozen weights: the same maps."""
    many = np.concatenate([images] * (SLICES_AT_ONCE // 2 + 1))
    many.setflags(write=False)
    spec = ExplainSpec(methods=("cam", "grad_cam"))
    expected = explain_batch(network, images, spec)
    network.requires_grad_(False)

    maps = explain_batch(network, many, spec)

    network.requires_grad_(True)
    for name in spec.methods:
        assert len(maps[name]) == SLICES_AT_ONCE + 2
        np.testing.assert_allclose(
            maps[name][-2:], expected[name], rtol=1e-3, atol=1e-5
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"occlusion_window_px": 65}, "window of 65"),
        ({"occlusion_window_px": 16, "occlusion_stride_px": 17}, "step of 17"),
    ],
)
def test_an_occlusion_that_cannot_cover_the_input_is_refused(
    network, images, changes, message
):
    """A window larger than the input, or gaps between windows, name the setting."""
    with pytest.raises(ConfigError, match=message):
        explain_batch(network, images, one_method("occlusion", **changes))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (np.zeros((2, SIZE, SIZE), np.float32), "shape"),
        (np.zeros((0, 3, SIZE, SIZE), np.float32), "shape"),
        (np.full((1, 3, SIZE, SIZE), np.nan, np.float32), "not finite"),
    ],
)
def test_images_that_are_no_batch_are_refused(network, broken, message):
    """Another shape, an empty batch and NaN raise before the network runs."""
    with pytest.raises(DataError, match=message):
        explain_batch(network, broken, ExplainSpec())
