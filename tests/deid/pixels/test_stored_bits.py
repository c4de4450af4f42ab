"""Tests of spare bits: what is no pixel goes, every pixel stays."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tumorscope.deid.elements import Element, Encapsulated, MalformedFileError
from tumorscope.deid.pixels.stored_bits import clear_spare_bits

PIXELS = 0x7FE00010


def data_set(pixels, *, bits=16, stored=12, signed=0, side=2):
    numbers = {
        0x00280010: side,
        0x00280011: side,
        0x00280100: bits,
        0x00280101: stored,
        0x00280102: stored - 1,
        0x00280103: signed,
    }
    elements = [Element(tag, "US", struct.pack("<H", n)) for tag, n in numbers.items()]
    return (*elements, Element(PIXELS, "OW", pixels))


def cleared(*arguments, **options):
    elements, has_changed = clear_spare_bits(data_set(*arguments, **options), "little")
    return elements[-1].value, has_changed


def test_bits_above_the_stored_ones_are_cleared():
    """0xF123 becomes 0x0123, and clean pixels stay the same object."""
    dirty = np.array([0xF123, 0x0FFF, 0x1000, 0], "<u2").tobytes()

    value, has_changed = cleared(dirty)

    assert np.frombuffer(value, "<u2").tolist() == [0x123, 0xFFF, 0, 0]
    assert has_changed
    assert cleared(value) == (value, False)


def test_the_sign_of_a_pixel_is_no_overlay():
    """Negative pixels keep their sign bits."""
    pixels = np.array([-1, -2048, 2047, 5], "<i2").tobytes()

    assert cleared(pixels, signed=1) == (pixels, False)


def test_bytes_behind_the_last_pixel_go():
    """A text in the padding of the pixels is cut off."""
    pixels = bytes(8)

    assert cleared(pixels + b"Vandermolen") == (pixels, True)


def test_an_odd_number_of_bytes_stays_even():
    """One byte of zero is added, as the standard demands."""
    value, _ = cleared(bytes(9), bits=8, stored=8, side=3)

    assert value == bytes(10)


def test_too_few_pixels_are_refused():
    """A stump is never padded."""
    with pytest.raises(MalformedFileError, match="pixel-length"):
        cleared(bytes(6))


def test_compressed_pixels_with_an_embedded_overlay_are_refused():
    """They cannot be cleared without decoding."""
    overlay = Element(0x60000102, "US", b"\x0c\0")
    pixels = Element(PIXELS, "OB", Encapsulated((b"", b"ab")))

    assert clear_spare_bits((pixels,), "little") == ((pixels,), False)
    with pytest.raises(MalformedFileError, match="embedded-overlay"):
        clear_spare_bits((overlay, pixels), "little")


def test_objects_without_pixels_pass():
    """A report has none."""
    assert clear_spare_bits((), "little") == ((), False)
