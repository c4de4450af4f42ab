"""Re-initialized networks, noise, and the class map that is the decision."""

import numpy as np
import pytest
import torch

from tumorscope.explanation.randomization import (
    add_noise,
    build_randomized,
    completeness_errors,
)


def test_a_seed_gives_the_same_network_and_leaves_the_global_state():
    """All weights differ between seeds; training's random numbers are not touched."""
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)

    one, same, other = (build_randomized(seed) for seed in (0, 0, 1))

    assert torch.equal(torch.rand(3), expected)
    weights = [network.state_dict() for network in (one, same, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    convolutions = [name for name in weights[0] if "conv" in name]
    assert convolutions
    assert not any(torch.equal(weights[0][n], weights[2][n]) for n in convolutions)
    assert not one.training


def test_noise_has_the_size_asked_for_and_depends_on_the_slice_only():
    """A share of 0.02 of the range from -1 to 1 is 0.04; batches do not matter."""
    images = np.zeros((2, 3, 64, 64), np.float32)
    seeds = np.array([[0, 1, 5], [0, 1, 9]])

    noisy = add_noise(images, share=0.02, seeds=seeds)
    alone = add_noise(images[1:], share=0.02, seeds=seeds[1:])

    assert noisy.std() == pytest.approx(0.04, rel=0.05)
    assert (noisy[1] == alone[0]).all()
    assert not (noisy[0] == noisy[1]).all()
    assert noisy.dtype == np.float32
    assert not images.any()


def test_noise_stays_within_the_range_of_the_input():
    """A white image gets darker, never brighter than white."""
    noisy = add_noise(
        np.ones((1, 3, 8, 8), np.float32), share=0.5, seeds=np.array([[1]])
    )

    assert noisy.max() == 1
    assert noisy.min() < 1


@pytest.mark.slow
def test_the_mean_of_the_class_map_is_the_logit():
    """For any weights, to float precision."""
    images = np.random.default_rng(0).uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32)

    errors = completeness_errors(build_randomized(3), images)

    assert errors.shape == (2,)
    assert errors.max() < 1e-4
