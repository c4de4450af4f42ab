"""Gamma: an exponent of exp(c) or exp(-c)."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.gamma import change_gamma


def test_both_exponents_occur_and_no_other():
    """A value of 0.5 becomes 0.5 to exp(0.35) or to exp(-0.35)."""
    image = np.full((2, 2, 1), 0.5)

    found = {
        round(float(change_gamma(image, 3, np.random.default_rng(one))[0, 0, 0]), 6)
        for one in range(20)
    }

    assert found == {round(0.5 ** np.exp(sign * 0.35), 6) for sign in (-1, 1)}


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_black_and_white_stay(end, rng):
    """The ends of the range do not move."""
    assert (change_gamma(np.full((3, 3, 3), end), 5, rng) == end).all()
