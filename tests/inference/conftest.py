"""A small bundle, in memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tumorscope.domain.card import (
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.specs import PreprocessSpec, TrainSpec
from tumorscope.learning.network import build_network


@pytest.fixture(scope="session")
def weights() -> dict[str, np.ndarray]:
    """Return a state dict whose batch normalization has seen some pictures."""
    torch.manual_seed(0)
    network = build_network().train()
    with torch.no_grad():
        for _ in range(8):
            network(torch.rand(4, 3, 64, 64) * 2 - 1)
    return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.fixture
def card() -> BundleCard:
    """Return the card of a bundle for slices of 64 x 64 pixels."""
    return BundleCard(
        name="run",
        tumorscope_version="0.1.0",
        created="2026-01-01T00:00:00+00:00",
        sequences=(),
        single_sequence_repeated=True,
        preprocess=PreprocessSpec(size_px=64),
        threshold=OperatingThreshold(
            threshold_probability=0.4,
            target_specificity=0.95,
            tune_slices=20,
            tune_patients=4,
        ),
        train=TrainSpec(),
        first_weights="random initialization",
        epochs_done=1,
        best_epoch=1,
        tune_auroc=0.5,
        data=TrainingDataFingerprint(
            source="test",
            manifest_digest="0" * 64,
            split_digest="1" * 64,
            fold="holdout",
            grouping="patient",
            slices={},
            groups={},
            prevalence={},
            seen_pixel_digests=(),
            seen_owner_digests=(),
        ),
        environment={},
        files={"weights.safetensors": "0" * 64},
    )
