"""A graph, made once for all tests of a worker."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.export.graph import to_onnx


@pytest.fixture(scope="session")
def graph(weights) -> bytes:
    """Return the ONNX graph of a network for slices of 64 x 64 pixels."""
    return to_onnx(weights, size_px=64)


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """Return prepared slices that differ."""
    generator = np.random.default_rng(0)
    levels = np.linspace(60, 250, 8).astype(int)
    slices = [generator.integers(0, high, (64, 64, 3)) for high in levels]
    return np.stack(slices).astype(np.uint8)
