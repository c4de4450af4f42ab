"""Shares of a map outside the brain, and of the brain that is highlighted."""

import numpy as np
import pytest

from tumorscope.explanation.brain_mass import highlighted_share, mass_outside_brain

BRAIN = np.zeros((4, 4), bool)
BRAIN[:2] = True
SEEN = np.ones((4, 4), bool)


def test_mass_counts_both_signs_and_seen_pixels_only():
    """|-3| inside, |1| outside: a quarter; the filled-in column does not count."""
    values = np.zeros((4, 4), np.float32)
    values[0, 0], values[3, 0] = -3, 1
    values[:, 3] = -100
    seen = SEEN.copy()
    seen[:, 3] = False

    assert mass_outside_brain(values, BRAIN, seen) == pytest.approx(0.25)


def test_a_blank_map_or_a_slice_without_brain_has_no_share():
    """Nothing divided by nothing is no zero."""
    assert np.isnan(mass_outside_brain(np.zeros((4, 4), np.float32), BRAIN, SEEN))
    ones = np.ones((4, 4), np.float32)
    assert np.isnan(mass_outside_brain(ones, np.zeros((4, 4), bool), SEEN))


def test_highlighted_share_is_of_the_brain():
    """Two of eight brain pixels; what lies outside is counted elsewhere."""
    binary = np.zeros((4, 4), bool)
    binary[1:, 0] = True
    binary[0, 3] = True

    assert highlighted_share(binary, BRAIN) == pytest.approx(2 / 8)
    assert np.isnan(highlighted_share(binary, np.zeros((4, 4), bool)))
