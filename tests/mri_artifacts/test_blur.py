"""Blur: only the middle of k-space is kept."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.blur import truncate_k_space
from tumorscope.mri_artifacts.k_space import to_k_space


def test_what_lies_outside_the_kept_share_is_zero():
    """Severity 2 keeps half of each axis: offsets up to a quarter of the side."""
    image = (
        np.random.default_rng(0).random((64, 64, 1)) + 5
    )  # far from zero: no magnitude flip

    k_space = np.abs(to_k_space(truncate_k_space(image, 2)))[..., 0]

    assert k_space[:16].max() < 1e-9
    assert k_space[:, 49:].max() < 1e-9
    assert k_space[17:48, 17:48].min() > 1e-3


def test_an_edge_rings():
    """Beside an edge the signal overshoots by about 9 % (Gibbs)."""
    image = np.zeros((128, 128, 1))
    image[:, 32:96] = 0.5

    overshoot = truncate_k_space(image, 3).max() / 0.5 - 1

    assert overshoot == pytest.approx(0.09, abs=0.03)
