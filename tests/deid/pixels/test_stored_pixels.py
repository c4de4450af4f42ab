"""Frames that contradict their header cannot exist."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.domain.errors import DataError


@pytest.mark.parametrize(
    ("frames", "bits", "message"),
    [
        (np.zeros((4, 4), np.uint8), 8, "three or four axes"),
        (np.zeros((0, 4, 4), np.uint8), 8, "three or four axes"),
        (np.zeros((1, 4, 4, 4), np.uint8), 8, "three samples"),
        (np.zeros((1, 4, 4)), 8, "integers"),
        (np.zeros((1, 4, 4), np.uint8), 9, "do not fit"),
        (np.full((1, 4, 4), 16, np.uint8), 4, "beyond the 4 bits"),
        (np.full((1, 4, 4), -9, np.int8), 4, "beyond the 4 bits"),
    ],
)
def test_contradictions_are_refused(frames, bits, message):
    """Shape, type, bits and values must go together."""
    with pytest.raises(DataError, match=message):
        StoredPixels(frames=frames, bits_stored=bits)


def test_limits_follow_sign_and_bits():
    """Twelve bits reach to 4095, or from -2048 to 2047."""
    unsigned = StoredPixels(frames=np.zeros((1, 4, 4), np.uint16), bits_stored=12)
    signed = StoredPixels(frames=np.zeros((1, 4, 4), np.int16), bits_stored=12)

    assert unsigned.limits == (0, 4095)
    assert signed.limits == (-2048, 2047)
