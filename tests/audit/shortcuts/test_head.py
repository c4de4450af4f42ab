"""Where the head is, and that a frame is none."""

from __future__ import annotations

import cv2
import numpy as np

from tumorscope.audit.shortcuts.head import eight_bit, find_head


def _slice(side=256):
    """Return a bright ring with a dark inside on a black ground: skull and brain."""
    image = np.zeros((side, side, 3), np.uint8)
    cv2.circle(image, (side // 2, side // 2), side // 4, (180, 180, 180), 8)
    return image


def test_the_dark_inside_belongs_to_the_head():
    """Holes are filled, and a rim around the head is taken with it."""
    head = find_head(_slice())

    assert head[128, 128]
    assert head[128, 128 + 64 + 4]
    assert not head[20, 20]
    assert head.mean() < 0.35


def test_a_frame_is_not_taken_for_the_head():
    """A bright frame along the edges leaves the head where it is."""
    framed = _slice()
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = 200, 200, 200, 200

    np.testing.assert_array_equal(find_head(framed), find_head(_slice()))


def test_a_black_picture_has_no_head():
    """Nothing bright, no head."""
    assert not find_head(np.zeros((64, 48, 3), np.uint8)).any()


def test_a_faint_head_is_found_by_the_lower_threshold():
    """Where hardly anything is above 25, what is above 10 counts."""
    assert find_head((_slice() // 9).astype(np.uint8)).mean() > 0.15


def test_sixteen_bit_grey_becomes_eight_bit_color():
    """The maximum of a 16-bit picture becomes 255 in three equal channels."""
    deep = np.array([[0, 1000], [2000, 4000]], dtype=np.uint16)

    image = eight_bit(deep)

    assert image.shape == (2, 2, 3)
    np.testing.assert_array_equal(image[..., 0], [[0, 64], [128, 255]])
    np.testing.assert_array_equal(image[..., 0], image[..., 2])
