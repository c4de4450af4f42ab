"""JPEG: stored once with loss."""

import numpy as np

from tumorscope.mri_artifacts.jpeg import compress_jpeg


def test_loss_grows_with_severity_and_sequences_do_not_mix(image):
    """Each sequence is a grey picture: an empty one stays empty."""
    with_empty = image.copy()
    with_empty[..., 2] = 0

    losses = [
        np.abs(compress_jpeg(with_empty, one) - with_empty).mean() for one in (1, 5)
    ]

    assert 0 < losses[0] < losses[1] < 0.1
    assert not compress_jpeg(with_empty, 5)[..., 2].any()
