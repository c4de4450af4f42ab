"""Spike: one conjugate pair of k-space."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.k_space import to_k_space
from tumorscope.mri_artifacts.spike import add_spike


def test_one_conjugate_pair_is_set_to_a_share_of_the_maximum(rng):
    """Only two samples differ, both f times the maximum, at a radius of 10 to 60."""
    y, x = np.mgrid[:256, :256] - 128
    image = np.exp(-(x**2 + y**2) / 2000)[..., None] + 0.2
    before = to_k_space(image)[..., 0]

    after = to_k_space(add_spike(image, 1, rng))[..., 0]

    changed = np.argwhere(np.abs(after - before) > 0.01 * np.abs(before).max())
    assert len(changed) == 2
    assert (changed.sum(axis=0) == 256).all()
    assert 9 <= np.hypot(*(changed[0] - 128)) <= 61
    assert np.abs(after)[tuple(changed[0])] == pytest.approx(0.1 * np.abs(before).max())


def test_a_small_image_has_room_for_its_spike():
    """The place is always inside k-space."""
    for seed in range(30):
        spiked = add_spike(np.ones((16, 20, 1)), 5, np.random.default_rng(seed))
        assert spiked.shape == (16, 20, 1)
        assert spiked.std() > 0.5


def test_stripes_lie_at_the_same_place_on_all_sequences(rng):
    """One draw for all sequences, each with its own maximum."""
    image = np.stack([np.ones((64, 64)), np.full((64, 64), 0.5)], axis=2)

    spiked = add_spike(image, 2, rng)

    assert np.allclose(spiked[..., 0], 2 * spiked[..., 1])
