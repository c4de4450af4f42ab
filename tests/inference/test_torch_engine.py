"""The network of a bundle, run by torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tumorscope.domain.errors import BundleError
from tumorscope.inference.predictor import Predictor
from tumorscope.inference.torch_engine import TorchEngine, load_network
from tumorscope.preprocessing import prepare_slice, to_network_input


@pytest.fixture(scope="module")
def engine(weights) -> TorchEngine:
    """Return the network on the CPU."""
    return TorchEngine(weights, device="cpu")


def _pixels(count: int = 3) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_mean_of_the_class_map_is_the_logit(engine):
    """The map that is shown adds up to the number that is reported."""
    logit, class_map = engine.run(to_network_input(_pixels()))

    assert logit.shape == (3,)
    assert class_map.shape == (3, 2, 2)
    assert logit.dtype == class_map.dtype == np.float32
    np.testing.assert_allclose(class_map.mean(axis=(1, 2)), logit, rtol=1e-5, atol=1e-6)
    assert class_map.std() > 1e-4


def test_logit_is_that_of_the_trained_network(engine, weights):
    """Serving computes what training computed: tumor minus no tumor."""
    images = to_network_input(_pixels())
    network = load_network(weights)

    logit, _ = engine.run(images)

    with torch.inference_mode():
        both = network(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(logit, both[:, 1] - both[:, 0], rtol=1e-4, atol=1e-5)


def test_penultimate_features_are_what_the_head_sees(engine, weights):
    """The head applied to them gives the logit."""
    images = to_network_input(_pixels())

    features = engine.penultimate(images)

    assert features.shape == (3, 2048)
    assert features.dtype == np.float32
    both = features @ weights["fc.weight"].T + weights["fc.bias"]
    logit, _ = engine.run(images)
    np.testing.assert_allclose(both[:, 1] - both[:, 0], logit, rtol=1e-4, atol=1e-5)


def test_file_and_store_agree_through_the_network(engine, card):
    """The whole way from decoded pixels gives the number of the pixel store."""
    pixels = np.zeros((90, 70), dtype=np.uint16)
    pixels[15:75, 10:60] = np.random.default_rng(1).integers(900, 4000, size=(60, 50))
    predictor = Predictor(card, engine)

    one = predictor.score(pixels)
    stored = predictor.score_prepared(
        np.stack([prepare_slice(pixels, card.preprocess).pixels] * 2)
    )

    np.testing.assert_allclose(one.logit, stored.logit[:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        one.tumor_probability, 1 / (1 + np.exp(-one.logit)), rtol=1e-12
    )


def test_network_is_ready_for_inference(weights):
    """Evaluation mode, and no gradients: scoring cannot change the weights."""
    network = load_network(weights)

    assert not network.training
    assert not any(one.requires_grad for one in network.parameters())
    torch.testing.assert_close(
        network.conv1.weight, torch.from_numpy(weights["conv1.weight"]), rtol=0, atol=0
    )


@pytest.mark.parametrize("edit", ["missing", "unknown", "reshaped", "empty"])
def test_foreign_weights_are_a_bundle_error(weights, edit):
    """Weights of another network are refused before anything is scored."""
    foreign = dict(weights)
    if edit == "missing":
        del foreign["fc.bias"]
    elif edit == "unknown":
        foreign["head.weight"] = np.zeros(3, dtype=np.float32)
    elif edit == "reshaped":
        foreign["fc.weight"] = np.zeros((4, 2048), dtype=np.float32)
    else:
        foreign = {}

    with pytest.raises(BundleError, match="not those of this ResNet50"):
        TorchEngine(foreign, device="cpu")


@pytest.mark.gpu
def test_gpu_gives_the_numbers_of_the_cpu(engine, weights):
    """Where a CUDA device is, `auto` takes it and the scores stay the same."""
    images = to_network_input(_pixels())

    fast, _ = TorchEngine(weights).run(images)

    np.testing.assert_allclose(fast, engine.run(images)[0], rtol=1e-2, atol=1e-3)
