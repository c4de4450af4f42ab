"""Synthetic head sections: an ellipse of tissue with a bright rim on dark air."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage


def paint_head(seed=0, *, size=128, axes=(0.62, 0.78), noise=0.02):
    """Return a grey head section, uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    wide, high = np.array(axes) * rng.uniform(0.95, 1.05, 2)
    distance = np.hypot(x / wide, y / high)
    grain = ndimage.gaussian_filter(rng.standard_normal((size, size)), 3)
    tissue = 0.5 + 0.8 * grain / (6 * grain.std())
    picture = np.where(distance < 0.85, tissue, 0.2)
    picture = np.where(distance > 0.93, 0.9, picture) * (distance < 1)
    noisy = np.abs(picture + rng.normal(0, noise, picture.shape))
    return np.clip(noisy * 255, 0, 255).astype(np.uint8)


@pytest.fixture
def head():
    """Return a head section."""
    return paint_head()


@pytest.fixture(scope="session")
def make_head():
    """Return the painter of head sections."""
    return paint_head
