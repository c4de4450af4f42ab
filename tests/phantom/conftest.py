"""What the tests of lesions share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def candidates():
    """Return points of a ball of white matter, radius 60 mm, around the origin."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-60, 60, (3, 4000)).astype(np.float32)
    radius = np.linalg.norm(points, axis=0)
    inside = radius < 60
    points, radius = points[:, inside], radius[inside]
    ones = np.ones(len(radius), np.float32)
    return {
        "points_mm": points,
        "skull_mm": radius - 60,
        "ventricle_mm": radius - 10,
        "wm": ones,
        "tissue": ones,
    }
