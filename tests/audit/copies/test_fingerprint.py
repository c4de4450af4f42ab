"""What is kept of a slice."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.fingerprint import fingerprint_slice, stack_fingerprints
from tumorscope.domain.errors import DataError


def _alike(one, two):
    first, second = one.picture.ravel(), two.picture.ravel()
    return np.corrcoef(first, second)[0, 1]


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_gamma_drops_out(head, power):
    """A slice before and after gamma has nearly the same fingerprint; others have not."""
    slice_ = head(1)
    curved = (255 * (slice_ / 255) ** power).astype(np.uint8)

    first, second = fingerprint_slice(slice_), fingerprint_slice(curved)

    assert _alike(first, second) > 0.97
    assert _alike(first, fingerprint_slice(head(2))) < 0.6


def test_inverted_slice_has_the_fingerprint_of_its_original(head):
    """Dark and bright exchanged is told, and then taken back."""
    first, second = fingerprint_slice(head(1)), fingerprint_slice(255 - head(1))

    assert (first.is_inverted, second.is_inverted) == (False, True)
    assert _alike(first, second) > 0.999


def test_grey_as_color_and_16_bit_change_nothing(head):
    """The same grey levels stored otherwise give the same picture."""
    slice_ = head(3)
    stored = (np.dstack([slice_] * 3), slice_.astype(np.uint16) * 257)

    for each in stored:
        assert _alike(fingerprint_slice(slice_), fingerprint_slice(each)) > 0.999


@pytest.mark.parametrize("value", [0, 130])
def test_flat_slice_is_plain(value):
    """A slice of one grey level cannot be compared, and is said to be plain."""
    found = fingerprint_slice(np.full((64, 64), value, np.uint8))

    assert found.is_plain
    assert not found.picture.any()


def test_slice_with_detail_is_not_plain(head):
    """A head with detail can be compared."""
    assert not fingerprint_slice(head(0)).is_plain


@pytest.mark.parametrize("shape", [(5,), (0, 4), (2, 2, 2, 2)])
def test_no_picture_is_an_error(shape):
    """What is no picture is refused with its shape."""
    with pytest.raises(DataError, match="no slice"):
        fingerprint_slice(np.zeros(shape))


@pytest.mark.parametrize("digests", [["a"], ["a", "b", "c"]])
def test_stack_wants_a_digest_for_each_slice(head, digests):
    """Too few and too many fingerprints are refused."""
    prints = [fingerprint_slice(head(seed)) for seed in range(2)]

    with pytest.raises(DataError, match="give one for each"):
        stack_fingerprints(iter(prints), digests)


def test_stack_keeps_the_order(head):
    """Row by row the arrays hold what the fingerprints hold."""
    prints = [fingerprint_slice(head(seed)) for seed in range(3)]

    stacked = stack_fingerprints(iter(prints), ["a", "b", "c"])

    assert len(stacked) == 3
    for row, each in enumerate(prints):
        np.testing.assert_array_equal(stacked.pictures[row], each.picture)
        assert tuple(stacked.side_px[row]) == each.side_px
