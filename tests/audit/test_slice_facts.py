"""Tests of what one look at a slice tells of its file."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.slice_facts import (
    COLOR,
    GREY_AS_COLOR,
    GREY_FILE,
    NEARLY_GREY,
    look_at_slice,
)


def head(side=96):
    """Return a grey disc on a black background, shape (side, side), uint8."""
    picture = np.zeros((side, side), np.uint8)
    cv2.circle(picture, (side // 2, side // 2), side // 3, 150, -1)
    picture[side // 2, side // 2] = 200
    return picture


def colored(picture):
    return np.repeat(picture[..., None], 3, axis=2)


def test_an_ordinary_slice_has_nothing_unusual():
    """A grey head on black is no fault."""
    facts = look_at_slice(head())

    assert (facts.height_px, facts.width_px, facts.bits) == (96, 96, 8)
    assert facts.channels == GREY_FILE
    assert facts.contrast == pytest.approx(150 / 255)
    assert not facts.has_bright_edge
    assert facts.marks_px == 0
    assert facts.colored_share == 0


def test_how_color_is_stored_is_told_apart():
    """Grey as color, grey with a colored letter, and sequences in the channels differ."""
    grey = colored(head())
    marked = grey.copy()
    marked[2:6, 2:6] = (255, 255, 0)
    three = grey.copy()
    three[..., 1] = grey[..., 1] // 3

    assert look_at_slice(grey).channels == GREY_AS_COLOR
    assert look_at_slice(marked).channels == NEARLY_GREY
    assert look_at_slice(marked).colored_share == pytest.approx(16 / 96**2)
    assert look_at_slice(three).channels == COLOR


def test_copies_are_bit_identical_channels_only():
    """One level of difference in one pixel makes another channel."""
    picture = colored(head())
    picture[..., 0] //= 2
    changed = picture.copy()
    changed[50, 50, 1] += 1

    assert look_at_slice(picture).equal_pairs == (False, False, True)
    assert look_at_slice(changed).equal_pairs == (False, False, False)
    assert look_at_slice(head()).equal_pairs == (True, True, True)


def test_a_blank_channel_is_told():
    """A channel of a single value holds no sequence."""
    picture = colored(head())
    picture[..., 2] = 7

    assert look_at_slice(picture).blank_channels == (False, False, True)


def test_a_frame_is_told_from_a_head_that_touches_the_edge():
    """All four edges must be bright; a nose at the edge is not enough."""
    framed, touching = head(), head()
    framed[[0, -1]] = 200
    framed[:, [0, -1]] = 200
    touching[0, 30:50] = 200

    assert look_at_slice(framed).has_bright_edge
    assert not look_at_slice(touching).has_bright_edge
    assert not look_at_slice(
        np.zeros((9, 9), np.uint8) + np.eye(9, dtype=np.uint8)
    ).has_bright_edge


def test_letters_beside_the_head_are_counted_and_the_head_is_not():
    """Bright pixels far from the head are marks; an ear close to it is none."""
    letter, ear = head(), head()
    letter[4:8, 4:8] = 220
    ear[46:50, 12:15] = 220

    assert look_at_slice(letter).marks_px == 16
    assert look_at_slice(ear).marks_px == 0


def test_sixteen_bit_is_measured_on_its_own_scale():
    """A faint 16-bit slice is faint, though its numbers are large."""
    facts = look_at_slice(head().astype(np.uint16) * 16)

    assert facts.bits == 16
    assert facts.contrast == pytest.approx(150 * 16 / 65535)


def test_a_flat_picture_does_not_break_anything():
    """A constant picture has no contrast, no mark and no head."""
    facts = look_at_slice(np.full((20, 30, 3), 255, np.uint8))

    assert facts.contrast == 0
    assert facts.marks_px == 0
    assert facts.blank_channels == (True, True, True)
