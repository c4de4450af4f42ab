"""K-space: there and back, frequency zero in the middle."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.k_space import line_offsets, to_image, to_k_space


@pytest.mark.parametrize("shape", [(64, 64, 3), (33, 20, 1)])
def test_there_and_back_is_the_same_image(shape):
    """Nothing is lost, for even and odd sides."""
    image = np.random.default_rng(0).random(shape)

    assert np.allclose(to_image(to_k_space(image)), image)


@pytest.mark.parametrize("side", [8, 9])
def test_the_sum_of_the_image_is_in_the_middle(side):
    """Frequency zero stands where `line_offsets` is zero."""
    image = np.ones((side, side, 1))

    k_space = to_k_space(image)

    middle = int(np.flatnonzero(line_offsets(side) == 0)[0])
    assert k_space[middle, middle, 0] == pytest.approx(side**2)
    assert np.abs(k_space).sum() == pytest.approx(side**2)
