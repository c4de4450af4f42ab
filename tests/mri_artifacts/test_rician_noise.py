"""Rician noise and the brain that it is scaled by."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.rician_noise import add_rician_noise, find_brain


def test_air_becomes_rayleigh_noise_of_the_right_strength(rng):
    """Without signal the mean is sigma sqrt(pi / 2), sigma 0.11 of the brain's 0.8."""
    image = np.zeros((128, 128, 1))
    image[32:96, 32:96] = 0.8

    noisy = add_rician_noise(image, 4, rng)

    expected = 0.11 * 0.8 * np.sqrt(np.pi / 2)
    assert noisy[:30].mean() == pytest.approx(expected, rel=0.03)


def test_sequences_have_noise_of_their_own(image, rng):
    """Equal sequences differ afterwards."""
    noisy = add_rician_noise(np.repeat(image[..., :1], 2, axis=2), 1, rng)

    correlation = np.corrcoef(noisy[:8, :, 0].ravel(), noisy[:8, :, 1].ravel())[0, 1]
    assert abs(correlation) < 0.2


def test_brain_is_filled_and_specks_are_not_brain():
    """A hole belongs to the brain, a bright pixel in the air does not."""
    image = np.zeros((64, 64, 1))
    image[10:50, 10:50] = 0.5
    image[20:30, 20:30] = 0.0
    image[60, 60] = 1.0

    brain = find_brain(image)

    assert brain[25, 25]
    assert not brain[60, 60]
    assert brain.sum() == pytest.approx(1600, abs=60)


@pytest.mark.parametrize(("level", "count"), [(0.05, 25), (0.0, 400)])
def test_little_or_no_brain_has_a_rule(level, count):
    """Less than 500 pixels: a lower level; nothing bright: the whole image."""
    image = np.zeros((20, 20, 1))
    image[:5, :5] = level

    assert find_brain(image).sum() == count
