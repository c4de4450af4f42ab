"""What lies outside the head is cleared, whatever it is; what lies on it is not let by."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import write

from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.text_removal import find_heads, remove_text


def stored(*frames, **rest):
    """Return frames of 12 bits."""
    return StoredPixels(frames=np.stack(frames), bits_stored=12, **rest)


def test_text_beside_the_head_is_gone_and_the_head_is_whole(head):
    """The result is the section without text, and the code is earned."""
    done = remove_text(stored(write(head, "DOE^JANE", (4, 14), 900)), TextSpec())

    assert done.reason == ""
    assert done.codes == ("113101",)
    assert done.found[0].outcome == "text"
    np.testing.assert_array_equal(done.pixels.frames[0], head)
    assert done.cleared == int((write(head, "DOE^JANE", (4, 14), 900) != head).sum())


def test_nothing_is_left_outside_the_head(head):
    """Even single pixels that no search would find are cleared."""
    rng = np.random.default_rng(0)
    noisy = head + rng.integers(0, 9, head.shape, dtype=np.uint16)

    done = remove_text(stored(noisy), TextSpec())

    assert done.reason == ""
    outside = ~find_heads(stored(noisy))
    assert (done.pixels.frames[outside] == noisy.min()).all()


def test_text_on_the_head_is_quarantined_with_the_input_unchanged(head):
    """No code, and the pixels are those of the input."""
    text = write(head, "DOE^JANE", (50, 70), 900)

    done = remove_text(stored(text), TextSpec())

    assert (done.reason, done.codes, done.cleared) == ("text-on-head", (), 0)
    np.testing.assert_array_equal(done.pixels.frames[0], text)


def test_text_on_the_head_is_covered_where_wanted(head):
    """Every stroke is replaced by the background; a second search finds nothing."""
    text = write(head, "DOE^JANE", (50, 70), 900)

    done = remove_text(stored(text), TextSpec(inside_head="cover"))

    assert done.reason == ""
    assert done.covered >= 1
    assert (done.pixels.frames[0][text != head] == 0).all()


def test_a_frame_without_head_is_quarantined():
    """Nothing says what to keep."""
    done = remove_text(stored(np.zeros((64, 64), np.uint16)), TextSpec())

    assert done.reason == "no-head"


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32])
def test_type_and_bits_are_kept(head, kind):
    """The background fits the stored bits, signed or not."""
    gray = (head // 5).astype(kind) - (50 if np.dtype(kind).kind == "i" else 0)
    pixels = StoredPixels(frames=gray[None], bits_stored=8)

    done = remove_text(pixels, TextSpec())

    assert done.pixels.frames.dtype == kind
    assert done.pixels.background == gray.min()


def test_the_background_of_an_inverted_image_is_its_highest_value(head):
    """MONOCHROME1 shows the highest value black."""
    inverted = (700 - head).astype(np.uint16)
    pixels = stored(write(inverted, "DOE^JANE", (4, 14), 0), is_inverted=True)

    done = remove_text(pixels, TextSpec())

    np.testing.assert_array_equal(done.pixels.frames[0], inverted)


def test_color_frames_are_cleared_to_black(head):
    """All three samples go."""
    gray = (head // 4).astype(np.uint8)
    color = np.stack([gray, write(gray, "DOE^JANE", (4, 14), 170), gray], axis=-1)

    done = remove_text(StoredPixels(frames=color[None], bits_stored=8), TextSpec())

    np.testing.assert_array_equal(done.pixels.frames[0], np.stack([gray] * 3, axis=-1))
