"""A slice that every test of this folder may corrupt."""

import numpy as np
import pytest


@pytest.fixture
def disc():
    """Return a slice: a bright disc with a dark half, three sequences, uint8."""
    y, x = np.mgrid[:64, :64] - 32
    head = (x**2 + y**2 < 24**2).astype(float)
    image = np.stack(
        [head * level * np.where(x < 4, 1.0, 0.6) for level in (0.5, 0.8, 0.3)], 2
    )
    return np.rint(image * 255).astype(np.uint8)


@pytest.fixture
def image(disc):
    """Return the same slice as float64 in [0, 1]."""
    return disc / 255


@pytest.fixture
def rng():
    """Return a generator."""
    return np.random.default_rng(5)
