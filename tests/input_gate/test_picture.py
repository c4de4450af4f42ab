"""Tests of the gate's frame: cut to the head, one size, bright tissue at 1."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.input_gate.picture import frame_slice


def test_brightness_and_place_do_not_matter(head):
    """Half the brightness and a wider field of air give nearly the same frame."""
    wide = np.pad(head // 2, ((20, 60), (40, 40)))

    near, far = frame_slice(head), frame_slice(wide)

    assert np.abs(near.sequences - far.sequences).mean() < 0.03
    assert np.mean(near.inside != far.inside) < 0.03


def test_grey_as_color_is_one_sequence(head):
    """Three equal channels say no more than one."""
    grey, color = frame_slice(head), frame_slice(np.repeat(head[..., None], 3, axis=2))

    np.testing.assert_array_equal(grey.sequences, color.sequences)
    assert color.color_share == 0
    assert len(color.sequences) == 1


def test_color_share_is_hand_computed():
    """Channels 100, 50 and 50 everywhere differ by half of the brightest."""
    pixels = np.full((60, 60, 3), 50, np.uint8)
    pixels[..., 0] = 100

    assert frame_slice(pixels).color_share == pytest.approx(0.5)


def test_sixteen_bit_is_the_same_picture(head):
    """The depth of the file does not matter."""
    deep = head.astype(np.uint16) * 257

    np.testing.assert_allclose(
        frame_slice(head).sequences, frame_slice(deep).sequences, atol=1e-4
    )


@pytest.mark.parametrize("value", [0, 1, 255])
def test_a_flat_picture_has_a_frame(value):
    """Nothing divides by zero, and the input is left alone."""
    pixels = np.full((70, 50), value, np.uint8)

    found = frame_slice(pixels)

    assert np.isfinite(found.sequences).all()
    assert found.foreground.all() == (value > 0)
    assert (pixels == value).all()
