"""A cohort that a network can learn within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tumorscope.learning.data import LearningData


@pytest.fixture(scope="session")
def tiny_data() -> LearningData:
    """Return 40 slices of 32 x 32 pixels; a bright square is the tumor."""
    generator = np.random.default_rng(0)
    labels = np.tile([0, 1, 0], 14)[:40].astype(np.int64)
    pixels = generator.integers(30, 120, size=(40, 32, 32, 3)).astype(np.uint8)
    for row in np.flatnonzero(labels):
        top, left = generator.integers(4, 20, size=2)
        pixels[row, top : top + 8, left : left + 8] += 60
    return LearningData(
        pixels=pixels,
        labels=labels,
        train_rows=np.arange(24),
        tune_rows=np.arange(24, 40),
    )


@pytest.fixture(autouse=True)
def _no_weights_left(tmp_path: Path) -> Iterator[None]:
    """Delete the files of 100 MB that pytest would keep for its next three runs."""
    yield
    for path in tmp_path.rglob("*"):
        if path.suffix in {".ckpt", ".safetensors", ".pth"}:
            path.unlink()
