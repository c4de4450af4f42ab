"""Tests of the planted faults: each changes what it says, and the label stays true."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.phantom import add_frame, alter, shrink


@pytest.fixture
def picture():
    """Return a slice with a bright disc, and a mask of one pixel in it."""
    rows, columns = np.mgrid[:128, :128]
    disc = (np.hypot(rows - 64, columns - 64) < 40).astype(np.uint8) * 120
    mask = np.zeros((128, 128), bool)
    mask[70, 75] = True
    return np.stack([disc, disc // 2, disc], axis=-1), mask


def test_a_frame_is_bright_outside_and_leaves_the_inside(picture):
    """128 pixels get a frame of two pixels with the value 200."""
    pixels, _ = picture

    framed = add_frame(pixels)

    assert (framed[:2] == 200).all()
    assert (framed[:, -2:] == 200).all()
    np.testing.assert_array_equal(framed[2:-2, 2:-2], pixels[2:-2, 2:-2])
    assert pixels[0, 0, 0] == 0


def test_the_size_cue_keeps_the_smallest_lesion(picture):
    """Seven eighths of 128 are 112, and a mask of one pixel does not vanish."""
    small, mask = shrink(*picture)

    assert small.shape == (112, 112, 3)
    assert mask.shape == (112, 112)
    assert mask.any()


@pytest.mark.parametrize("kind", ["reencoded", "rescaled", "recontrasted"])
def test_a_copy_differs_in_its_pixels_and_looks_the_same(picture, kind):
    """A near-duplicate has no equal file but a high correlation, and its lesion."""
    pixels, mask = picture

    copied, copied_mask = alter(pixels, mask, kind, np.random.default_rng(0))

    assert copied.shape == pixels.shape
    assert copied.dtype == np.uint8
    assert (copied != pixels).any()
    assert np.corrcoef(copied.ravel(), pixels.ravel())[0, 1] > 0.93
    assert copied_mask.any()
    assert np.abs(np.argwhere(copied_mask)[0] - [70, 75]).max() <= 2
    assert not alter(pixels, np.zeros_like(mask), kind, np.random.default_rng(0))[
        1
    ].any()
