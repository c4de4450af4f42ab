"""Simulated scores of slices, for the tests of this folder."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.card import (
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import PreprocessSpec, TrainSpec


def _simulate(*, patients=12, slices=12, folds=2, sites=2, seed=0, **columns):
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), slices)
    index = np.tile(np.arange(slices), patients)
    labels = ((index >= slices // 3) & (index < 2 * slices // 3)).astype(int)
    logit = 2.5 * labels - 1.2 + rng.normal(size=len(labels))
    logit += rng.normal(size=patients)[patient]
    name = np.array([f"patient-{number:03d}" for number in range(patients)])[patient]
    table = pd.DataFrame(
        {
            "image": [f"{a}/{b}.png" for a, b in zip(name, index, strict=True)],
            "frame": None,
            "label": labels,
            "patient_id": name,
            "group": name,
            "site": [f"site-{number % sites}" for number in patient],
            "slice_index": index,
            "slice_count": slices,
            "fold": [f"fold-{number % folds}" for number in patient],
            "part": "test",
            "logit": logit,
            "tumor_probability": 1 / (1 + np.exp(-logit)),
            "threshold_probability": 0.4 + 0.2 * (patient % folds),
        }
    )
    return Predictions(table=table.assign(**columns))


@pytest.fixture
def simulate():
    """Return a maker of predictions; the middle third of each head has tumour.

    Keywords are patients, slices (of each), folds, sites, seed, and any column whose
    values replace the simulated ones.
    """
    return _simulate


def _card(*, fold="holdout", grouping="patient", **changes):
    values = {
        "name": "run",
        "tumorscope_version": "0.1.0",
        "created": "2026-01-01T00:00:00+00:00",
        "sequences": (),
        "single_sequence_repeated": True,
        "preprocess": PreprocessSpec(),
        "threshold": OperatingThreshold(
            threshold_probability=0.4,
            target_specificity=0.95,
            tune_slices=20,
            tune_patients=4,
        ),
        "train": TrainSpec(),
        "first_weights": "random initialization",
        "epochs_done": 1,
        "best_epoch": 1,
        "tune_auroc": 0.5,
        "data": TrainingDataFingerprint(
            source="test",
            manifest_digest="0" * 64,
            split_digest="1" * 64,
            fold=fold,
            grouping=grouping,
            slices={},
            groups={},
            prevalence={"tune": 0.25},
            seen_pixel_digests=(),
            seen_owner_digests=(),
        ),
        "environment": {},
        "files": {"weights.safetensors": "0" * 64},
    }
    return BundleCard(**(values | changes))


@pytest.fixture
def make_card():
    """Return a maker of cards: fold, grouping, and any field of a card."""
    return _card
