"""Tests of the window: one for a whole series, background stays background."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.intensity_window import MAX_VALUE, find_content, to_window


def test_slices_share_one_window():
    """A slice that is half as bright stays half as bright."""
    voxels = np.zeros((2, 10, 10))
    voxels[0, 2:8, 2:8], voxels[1, 2:8, 2:8] = 1000, 500

    window = to_window(voxels)

    assert window.dtype == np.uint16
    assert window[0, 5, 5] == MAX_VALUE
    assert window[1, 5, 5] == pytest.approx(MAX_VALUE / 2, abs=1)
    assert window[0, 0, 0] == 0


def test_a_single_hot_pixel_does_not_set_the_scale():
    """One pixel in ten thousand is clipped."""
    voxels = np.tile(np.linspace(0, 100, 100), (1, 100, 1))
    voxels[0, 0, 0] = 1e9

    assert to_window(voxels)[0, 50, 50] == pytest.approx(MAX_VALUE / 2, rel=0.05)


def test_standardized_volumes_keep_their_background():
    """Zero between negative and positive values is background, not gray."""
    voxels = np.zeros((1, 10, 10))
    voxels[0, :5] = np.linspace(-2, 3, 50).reshape(5, 10)

    window = to_window(voxels)

    assert (window[0, 5:] == 0).all()
    assert window[0, :5].min() >= 1
    assert window[0, 4, 9] == MAX_VALUE


def test_a_flat_series_is_an_error():
    """A series without contrast does not become a picture."""
    for value in (0.0, 7.0):
        with pytest.raises(DataError, match="no contrast"):
            to_window(np.full((2, 3, 4), value))


def test_slices_that_show_almost_nothing_are_found():
    """One pixel in a hundred brighter than air is the limit; any channel counts."""
    pixels = np.zeros((3, 20, 20, 3), np.uint16)
    pixels[1, 0, :3, 0] = MAX_VALUE
    pixels[2, 0, :4, 2] = MAX_VALUE

    assert find_content(pixels).tolist() == [False, False, True]
    assert find_content(pixels[..., 2]).tolist() == [False, False, True]
