"""Tests of the picture for a PACS: sides, notice, and no identity."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.capture import PANEL_SIDE_PX, draw_capture

SIDE_PX = 56
SCALE = PANEL_SIDE_PX // SIDE_PX


def attribution(values, image="slice 1"):
    return Attribution(
        image=image, method="cam", map=values.astype(np.float32), tumor_probability=0.5
    )


def draw(pixels, values, lines=("one line",), image="slice 1"):
    return draw_capture(pixels, attribution(values, image), lines, orientation="LPS")


@pytest.fixture
def dark():
    """Return a black slice."""
    return np.zeros((SIDE_PX, SIDE_PX), np.uint16)


def panels(picture):
    """Return the slice and its map, without the words above and below."""
    inked = picture.reshape(len(picture), -1).max(axis=1)
    top = int(np.flatnonzero(inked == 0)[0])
    rows = picture[top : top + PANEL_SIDE_PX]
    return rows[:, :PANEL_SIDE_PX], rows[:, PANEL_SIDE_PX:]


def test_what_lies_on_the_patients_left_is_on_the_right_of_both_panels(dark):
    """Neither the slice nor the map is flipped: the column that grows to the left stays."""
    pixels, values = dark.copy(), np.zeros(dark.shape)
    pixels[10:14, 44:48] = 65_535
    values[30:34, 44:48] = 1.0

    plain, heat = panels(draw(pixels, values))

    place = slice(10 * SCALE + 8, 14 * SCALE - 8), slice(44 * SCALE + 8, 48 * SCALE - 8)
    assert plain[place].min() > 200
    assert heat[place].min() > 200
    orange = heat[30 * SCALE + 8 : 34 * SCALE - 8, 44 * SCALE + 8 : 48 * SCALE - 8]
    assert (orange[..., 0] > orange[..., 2]).all()
    assert orange[..., 0].min() > 60


def test_the_four_sides_are_labelled_on_both_panels(dark):
    """There is ink at the middle of each border, and none in the center."""
    for panel in panels(draw(dark, np.zeros(dark.shape))):
        middle = PANEL_SIDE_PX // 2
        for place in (
            (slice(middle - 20, middle + 20), slice(0, 32)),
            (slice(middle - 20, middle + 20), slice(-32, None)),
            (slice(0, 32), slice(middle - 20, middle + 20)),
            (slice(-32, None), slice(middle - 20, middle + 20)),
        ):
            assert panel[place].max() > 200
        assert panel[100:150, 100:150].max() == 0


def test_left_and_right_have_their_own_letters(dark):
    """R stands on the left of the picture; the same letter twice would be a fault."""
    plain, _ = panels(draw(dark, np.zeros(dark.shape)))

    middle = PANEL_SIDE_PX // 2
    left, right = (
        plain[middle - 20 : middle + 20, :30],
        plain[middle - 20 : middle + 20, -30:],
    )

    # An L has no ink in its upper right part; an R has.
    def upper_right(block):
        rows, columns = np.nonzero(block.max(axis=2) > 200)
        high = rows < (rows.min() + rows.max()) / 2
        return int((columns[high] > (columns.min() + columns.max()) / 2).sum())

    assert upper_right(left) > 5 * max(1, upper_right(right))


def test_the_notice_stands_above_and_below(dark):
    """It is in the pixels, alike in both places, and needs no line of the caller."""
    picture = draw(dark, np.zeros(dark.shape), lines=())

    above, below = picture[:32], picture[-32:]
    assert np.array_equal(above, below)
    assert above.max() > 200


def test_the_name_of_the_slice_is_not_drawn(dark):
    """Names of files could identify a patient."""
    one = draw(dark, np.zeros(dark.shape), image="slice 1")
    other = draw(dark, np.zeros(dark.shape), image="Doe^Jane")

    assert np.array_equal(one, other)


def test_unknown_sides_and_other_shapes_are_refused(dark):
    """A label that may be wrong is worse than none."""
    values = attribution(np.zeros(dark.shape))

    with pytest.raises(DataError, match="sides of RAS are not known"):
        draw_capture(dark, values, (), orientation="RAS")
    with pytest.raises(DataError, match="differ in shape"):
        draw_capture(dark[1:], values, (), orientation="LPS")
