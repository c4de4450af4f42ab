"""Bias field: exp of a cubic polynomial."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.bias_field import LOG_RANGE, shade


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_the_largest_factor_is_that_of_the_severity(severity, rng):
    """The largest magnitude of the logarithm is c."""
    shaded = shade(np.ones((40, 50, 2)), severity, rng)

    assert np.abs(np.log(shaded)).max() == pytest.approx(LOG_RANGE[severity - 1])
    assert np.allclose(shaded[..., 0], shaded[..., 1])


def test_the_logarithm_is_a_cubic_polynomial(rng):
    """Fourth differences along every row and column vanish."""
    field = np.log(shade(np.ones((40, 50, 1)), 5, rng))[..., 0]

    assert np.allclose(np.diff(field, 4, axis=0), 0, atol=1e-10)
    assert np.allclose(np.diff(field, 4, axis=1), 0, atol=1e-10)


def test_air_stays_black(rng):
    """A factor adds nothing where there is no signal."""
    assert not shade(np.zeros((20, 20, 3)), 5, rng).any()
