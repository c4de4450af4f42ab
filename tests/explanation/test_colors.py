"""Color scales that anyone can tell apart."""

import numpy as np
import pytest

from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.colors import (
    RANK_COLORS,
    SIGNED_COLORS,
    color_map,
    value_range,
)


def make_attribution(values, *, signed):
    """Return an attribution of this map."""
    return Attribution(
        image="slice.png",
        method="cam",
        map=np.array(values, np.float32),
        tumor_probability=0.5,
        signed=signed,
    )


@pytest.mark.parametrize(
    ("values", "signed", "ends"),
    [
        ([[-3, 1], [2, 0]], False, (-3, 2)),
        ([[0, 0], [0, 0]], True, (0, 0)),
        ([[5, 5], [5, 5]], True, (-5, 5)),
    ],
)
def test_ends_of_the_scale(values, signed, ends):
    """A rank scale spans the range; a signed one lies evenly around zero."""
    assert value_range(make_attribution(values, signed=signed)) == ends


def test_single_pixels_do_not_fade_all_others():
    """One extreme pixel of a signed map lies beyond the end of the scale."""
    values = np.ones((100, 100))
    values[0, 0] = 1000

    assert value_range(make_attribution(values, signed=True)) == (-1, 1)


def test_signed_scale_is_symmetric_and_rank_scale_spans_the_range():
    """Zero is the middle of a signed scale; a rank scale runs from lowest to highest."""
    values = np.array([[0.0, 1.0], [3.0, 4.0]], np.float32)

    colors, strength = color_map(values, (-4.0, 4.0), signed=True)
    ranks, _ = color_map(values, (0.0, 4.0), signed=False)

    np.testing.assert_allclose(strength, [[0, 0.25], [0.75, 1]])
    np.testing.assert_array_equal(colors[1, 1], SIGNED_COLORS[255])
    np.testing.assert_array_equal(ranks[0, 0], RANK_COLORS[0])
    np.testing.assert_array_equal(ranks[1, 1], RANK_COLORS[255])


def test_colors_differ_without_red_and_green():
    """The scales stay ordered for readers without red or green cones: blue and light do it."""
    light = RANK_COLORS.astype(float) @ [0.2126, 0.7152, 0.0722]
    against, towards = SIGNED_COLORS[:96].astype(int), SIGNED_COLORS[160:].astype(int)

    assert (np.diff(light[::8]) > 0).all()
    assert (against[:, 2] > against[:, 0]).all()
    assert (towards[:, 0] > towards[:, 2]).all()
