"""Tests of what a slice tells about its head."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.fingerprints import fingerprint_head

LENGTHS = (1024, 9, 21, 15, 16, 51)


def _head(*, top=30, size=(160, 160), level=120):
    picture = np.random.default_rng(0).integers(0, 6, size).astype(np.uint8)
    picture[top : top + 80, 40:100] += np.uint8(level)
    return picture


def test_every_part_has_the_same_length_whatever_the_picture():
    """Grey or color, large or small, all slices of a set can be compared."""
    color = np.stack([_head(), _head(level=90), _head(level=60)], axis=2)

    for pixels in (_head(), color, _head(size=(140, 133)), _head()[25:41, 30:46]):
        parts = astuple(fingerprint_head(pixels))
        assert tuple(len(part) for part in parts) == LENGTHS
        assert all(part.dtype == np.float32 for part in parts)
        assert all(np.isfinite(part).all() for part in parts)


def test_grey_is_the_same_as_three_equal_channels():
    """A set that mixes grey and color files is not split by that."""
    grey = fingerprint_head(_head())
    color = fingerprint_head(np.repeat(_head()[:, :, None], 3, axis=2))

    for one, other in zip(astuple(grey), astuple(color), strict=True):
        assert np.array_equal(one, other)


def test_the_outline_is_measured_from_the_head():
    """A box of rows 32 to 111 and columns 40 to 99 of 160 lies where it lies."""
    outline = fingerprint_head(_head(top=32)).outline

    center_y, center_x, top, bottom, left, right, skew, *sides = outline
    assert center_y == pytest.approx(71.5 / 160, abs=0.002)
    assert center_x == pytest.approx(69.5 / 160, abs=0.002)
    assert (top, bottom) == pytest.approx((32 / 160, 111 / 160), abs=0.01)
    assert (left, right) == pytest.approx((40 / 160, 99 / 160), abs=0.01)
    assert skew == pytest.approx(0, abs=1e-3)
    assert sides == pytest.approx([np.log(160)] * 2)


def test_tissue_is_told_in_shares_of_full_scale():
    """The median of a head of levels 120 to 125 lies between them."""
    tissue = fingerprint_head(_head()).tissue

    assert 120 / 255 <= tissue[3] <= 125 / 255
    assert np.all(np.diff(tissue[:7]) >= 0)


def test_noise_shows_in_texture_and_darkness():
    """The same head with a louder background is another scan."""
    quiet = _head()
    loud = quiet + np.random.default_rng(1).integers(0, 9, quiet.shape).astype(np.uint8)

    first, second = fingerprint_head(quiet), fingerprint_head(loud)

    assert (second.texture[:5] > first.texture[:5]).all()
    assert second.darkness[0] < first.darkness[0]


@pytest.mark.parametrize("level", [0, 77])
def test_a_blank_slice_has_a_fingerprint(level):
    """Ends of a scan are blank: they are described, without numbers that are none."""
    found = fingerprint_head(np.full((64, 48), level, dtype=np.uint8))

    assert not found.thumbnail.any()
    assert all(np.isfinite(part).all() for part in astuple(found))


def test_deeper_pictures_are_brought_to_eight_bits():
    """A 16-bit slice is described like its 8-bit window."""
    pixels = _head().astype(np.uint16)
    stretched = fingerprint_head((pixels - pixels.min()) * 300)

    assert stretched.outline == pytest.approx(
        fingerprint_head(_head()).outline, abs=0.01
    )


def test_the_input_is_left_alone():
    """A slice that was looked at can still be trained on."""
    pixels = _head()
    before = pixels.copy()

    fingerprint_head(pixels)

    assert np.array_equal(pixels, before)
