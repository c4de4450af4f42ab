"""Attributions: what the value refuses, and the way back to the image's own pixels."""

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.explanation.attribution import (
    Attribution,
    seen_pixels,
    to_original_grid,
)
from tumorscope.preprocessing import CropBox


def make_attribution(**changes):
    """Return a valid attribution, with some fields changed."""
    fields = {
        "image": "patient/slice_1.png",
        "method": "cam",
        "map": np.zeros((4, 6), np.float32),
        "tumor_probability": 0.5,
    }
    return Attribution(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"map": np.zeros((4, 6))}, "float32"),
        ({"map": np.zeros((1, 4, 6), np.float32)}, "height, width"),
        ({"map": np.zeros((0, 6), np.float32)}, "height, width"),
        ({"map": np.full((4, 6), np.nan, np.float32)}, "not finite"),
        ({"tumor_probability": 1.2}, r"not in \[0, 1\]"),
        ({"tumor_probability": float("nan")}, r"not in \[0, 1\]"),
        ({"seen": np.ones((4, 5), bool)}, "seen"),
        ({"seen": np.zeros((4, 6), bool)}, "0 pixels"),
    ],
)
def test_an_impossible_attribution_cannot_exist(changes, message):
    """The constructor refuses wrong maps and scores, and names method and slice."""
    with pytest.raises(DataError, match=message) as caught:
        make_attribution(**changes)

    assert "cam of patient/slice_1.png" in str(caught.value)


def test_map_comes_back_to_the_pixels_that_it_was_cut_from():
    """Without a change of size, the inside of the box is the map, pixel by pixel."""
    original = np.arange(9, dtype=np.float32).reshape(3, 3) - 4
    box = CropBox(top_px=2, left_px=1, side_px=3)

    on_grid = to_original_grid(original, box, 6, 5)

    assert on_grid.shape == (6, 5)
    assert on_grid.dtype == np.float32
    np.testing.assert_array_equal(on_grid[2:5, 1:4], original)
    outside = ~seen_pixels(box, 6, 5)
    assert outside.sum() == 30 - 9
    assert (on_grid[outside] == -4).all()


def test_padding_around_the_image_is_dropped():
    """Of a box that reaches outside, only the part over the image comes back."""
    original = np.arange(16, dtype=np.float32).reshape(4, 4)
    box = CropBox(top_px=-1, left_px=-2, side_px=4)

    on_grid = to_original_grid(original, box, 2, 2)

    np.testing.assert_array_equal(on_grid, original[1:3, 2:4])
    assert seen_pixels(box, 2, 2).all()


def test_enlarging_is_bilinear_with_half_pixel_centers():
    """Two values enlarged to four columns give quarter and three-quarter steps."""
    original = np.array([[0, 8], [0, 8]], np.float32)

    on_grid = to_original_grid(original, CropBox(top_px=0, left_px=0, side_px=4), 4, 4)

    np.testing.assert_allclose(on_grid, np.tile([0, 2, 6, 8], (4, 1)))


@pytest.mark.parametrize(
    ("shape", "top", "message"),
    [((3, 4), 0, r"\(size, size\)"), ((4, 4), 50, "does not touch")],
)
def test_a_map_of_another_slice_is_an_error(shape, top, message):
    """A map that is no square, or a box beside the image, raises."""
    box = CropBox(top_px=top, left_px=0, side_px=4)

    with pytest.raises(DataError, match=message):
        to_original_grid(np.zeros(shape, np.float32), box, 8, 8)
