"""Down-sampling: smaller and back."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.down_sampling import down_sample


@pytest.mark.parametrize("shape", [(64, 48, 3), (17, 17, 1)])
def test_size_stays_and_detail_goes(shape):
    """Shape is kept, a constant is kept, noise loses contrast with every severity."""
    noise = np.random.default_rng(0).random(shape)

    spreads = [down_sample(noise, one).std() for one in (1, 2, 5)]

    assert down_sample(noise, 5).shape == shape
    assert np.allclose(down_sample(np.full(shape, 0.3), 5), 0.3)
    assert noise.std() > spreads[0] > spreads[2]
