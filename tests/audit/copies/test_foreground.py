"""Where the head is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.copies.foreground import find_foreground, pick_quantiles


def _oval():
    """Return an oval in rows 20 to 69 and columns 30 to 99, on a faintly noisy ground."""
    rows, columns = np.mgrid[:100, :120]
    inside = ((rows - 44.5) / 25) ** 2 + ((columns - 64.5) / 35) ** 2 < 1
    noise = np.random.default_rng(1).uniform(0, 8, inside.shape)
    return np.where(inside, 150, noise).astype(np.float32)


def _is_close(found, wanted=(20, 70, 30, 100)):
    return np.abs(np.subtract(_box(found), wanted)).max() <= 3


def _box(found):
    return (found.top, found.bottom, found.left, found.right)


def test_box_of_an_oval():
    """A bright oval is found, and it touches nothing."""
    found = find_foreground(_oval())

    assert _is_close(found)
    assert not found.touches_frame
    assert not found.is_inverted


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 255 * (x / 255) ** 0.5,
        lambda x: 255 * (x / 255) ** 2,
        lambda x: 3 * x + 7,
        lambda x: 255 - x,
    ],
    ids=["gamma 0.5", "gamma 2", "window", "inverted"],
)
def test_box_does_not_depend_on_grey_levels(change):
    """Gamma, window and inversion leave the box where it is."""
    changed = find_foreground(change(_oval()).astype(np.float32))

    assert _is_close(changed)


def test_inversion_is_noticed():
    """A bright background is told."""
    assert find_foreground(255 - _oval()).is_inverted


def test_noise_in_the_background_is_no_head():
    """Speckle is not taken for the head."""
    noise = np.random.default_rng(0).uniform(0, 30, (100, 120))

    assert _is_close(find_foreground((_oval() + noise).astype(np.float32)))


def test_padding_is_not_the_frame():
    """A head that was cut and then padded touches its frame all the same."""
    cut = _oval()[30:, 40:]

    found = find_foreground(
        cv2.copyMakeBorder(cut, 10, 10, 10, 10, cv2.BORDER_CONSTANT, value=0)
    )

    assert found.touches_frame


def test_flat_picture_is_taken_whole():
    """Where nothing stands out the box is the picture."""
    assert _box(find_foreground(np.full((40, 50), 7, np.float32))) == (0, 40, 0, 50)


def test_quantiles_are_values_that_occur():
    """The smallest, the middle and the largest of five."""
    values = np.array([[5, 1], [9, 3]], dtype=np.float32)

    assert pick_quantiles(np.append(values, 4), (0, 0.5, 1)) == [1, 4, 9]
