"""Training of the last layers: the others stay, and their output is computed once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from tumorscope.domain.train_spec import TrainSpec
from tumorscope.learning.frozen_backbone import FEATURES, keep_features, run_tail
from tumorscope.learning.network import build_network
from tumorscope.learning.training import fit


@pytest.fixture(scope="module")
def first_weights(tmp_path_factory):
    """Return a file of weights whose batch normalization has seen pictures."""
    torch.manual_seed(0)
    network = build_network().train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.rand(8, 3, 32, 32) * 2 - 1)
    path = tmp_path_factory.mktemp("weights") / "first.safetensors"
    state = network.state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    yield path
    path.unlink()


def spec(first_weights, part, **changes):
    values = {
        "trainable": part,
        "epochs": 2,
        "batch_size": 8,
        "initial_weights": str(first_weights),
        "precision": "32",
        "device": "cpu",
        "threads": 1,
    }
    return TrainSpec.model_validate(values | changes)


@pytest.mark.parametrize("part", ["layer4", "head"])
def test_kept_features_lead_to_the_logits_of_the_whole_network(
    tiny_data, tmp_path, part
):
    """What is trained on is what the network will see when it is used."""
    torch.manual_seed(0)
    network = build_network().eval()

    kept = keep_features(network, tiny_data, part, folder=tmp_path)

    rows = tiny_data.tune_rows[:4]
    features = torch.from_numpy(kept.pixels[rows].astype(np.float32))
    images = torch.from_numpy(tiny_data.pixels[rows]).permute(0, 3, 1, 2)
    with torch.no_grad():
        tail = run_tail(network, features.permute(0, 3, 1, 2))
        whole = network(images.float() / 127.5 - 1)
    assert torch.allclose(tail, whole, atol=2e-2, rtol=1e-2)
    assert whole.std() > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", ["layer4", "head"])
def test_only_the_chosen_layers_move(tiny_data, tmp_path, first_weights, part):
    """Frozen weights and running means stand in the result bit for bit as they came."""
    model = fit(tiny_data, spec(first_weights, part), folder=tmp_path / "run")

    first = load_file(first_weights)
    changed = {
        name
        for name, value in first.items()
        if not torch.equal(value, model.weights[name])
    }
    assert changed
    assert all(name.startswith((part, "fc")) for name in changed)
    assert model.first_weights.startswith("first.safetensors")
    assert (tmp_path / "run" / FEATURES).is_file()


@pytest.mark.slow
def test_a_stopped_training_goes_on_from_the_kept_features(
    tiny_data, tmp_path, first_weights
):
    """Two epochs in two calls end where two epochs in one call do."""
    whole = fit(tiny_data, spec(first_weights, "head"), folder=tmp_path / "whole")
    parts = tmp_path / "parts"
    fit(tiny_data, spec(first_weights, "head", epochs=1), folder=parts)

    resumed = fit(tiny_data, spec(first_weights, "head"), folder=parts, resume=True)

    assert len(resumed.records) == 2
    assert resumed.records[-1]["train_loss"] == pytest.approx(
        whole.records[-1]["train_loss"], abs=1e-6
    )


def test_noise_is_not_frozen():
    """Random first layers that never learn are refused, with the way out."""
    with pytest.raises(ValidationError, match="take imagenet or a file"):
        TrainSpec(trainable="head", initial_weights="scratch")
