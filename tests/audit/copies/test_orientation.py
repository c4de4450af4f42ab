"""The eight ways to turn a square."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.orientation import (
    ORIENTATION_WORDS,
    invert_orientation,
    orient,
    orient_each,
)

SQUARE = np.arange(9).reshape(3, 3)


def test_words_say_what_is_done():
    """The turns and mirrorings are those of numpy."""
    made = {word: orient(SQUARE, each) for each, word in enumerate(ORIENTATION_WORDS)}

    np.testing.assert_array_equal(made["not turned"], SQUARE)
    np.testing.assert_array_equal(made["mirrored left-right"], np.fliplr(SQUARE))
    np.testing.assert_array_equal(made["mirrored up-down"], np.flipud(SQUARE))
    np.testing.assert_array_equal(made["turned by 180 degrees"], np.rot90(SQUARE, 2))
    clockwise = made["turned by 90 degrees clockwise"]
    np.testing.assert_array_equal(clockwise, np.rot90(SQUARE, -1))
    counter = made["turned by 90 degrees counterclockwise"]
    np.testing.assert_array_equal(counter, np.rot90(SQUARE))


@pytest.mark.parametrize("orientation", range(8))
def test_the_inverse_undoes(orientation):
    """Turned and turned back is as before."""
    (back,) = invert_orientation(np.array([orientation]))

    np.testing.assert_array_equal(orient(orient(SQUARE, orientation), back), SQUARE)


def test_each_picture_is_turned_its_own_way():
    """A batch is turned like its pictures one by one, and the batch is left alone."""
    batch = np.stack([SQUARE] * 8)

    turned = orient_each(batch, np.arange(8))

    for each in range(8):
        np.testing.assert_array_equal(turned[each], orient(SQUARE, each))
    np.testing.assert_array_equal(batch, np.stack([SQUARE] * 8))
