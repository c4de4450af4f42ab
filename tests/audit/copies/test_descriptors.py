"""Short descriptors for the search."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.descriptors import (
    CROPS,
    describe,
    orient_descriptors,
)
from tumorscope.audit.copies.orientation import orient


@pytest.fixture
def pictures():
    return np.random.default_rng(0).normal(size=(2, 96, 96)).astype(np.float32)


@pytest.mark.parametrize("orientation", range(8))
def test_turning_a_descriptor_is_describing_the_turned(pictures, orientation):
    """No picture needs to be turned for the search."""
    turned = describe(np.ascontiguousarray(orient(pictures, orientation)))

    np.testing.assert_allclose(
        orient_descriptors(describe(pictures), orientation), turned, atol=1e-4
    )


def test_descriptors_have_norm_one_and_no_constant(pictures):
    """A dot product is a correlation."""
    found = describe(pictures, crops=len(CROPS))

    assert found.shape == (2, 16, 10, 10)
    np.testing.assert_allclose(np.linalg.norm(found, axis=(2, 3)), 1, atol=1e-4)
    assert not found[..., 0, 0].any()


def test_described_crop_is_the_crop():
    """The descriptor of a crop is close to that of the picture that was cropped."""
    rows, columns = np.mgrid[:96, :96] / 96
    whole = (np.sin(9 * rows + 4 * columns) + np.cos(11 * columns)).astype(np.float32)
    number = CROPS.index(((0.07, 0.0), (0.0, 0.07)))
    at = np.linspace(0.07 * 96, 96, 97)[:96], np.linspace(0, 0.93 * 96, 97)[:96]
    cropped = whole[np.ix_(at[0].astype(int), at[1].astype(int))]

    by_matrix = describe(whole[None], crops=16)[0, number]

    assert float((by_matrix * describe(cropped[None])[0, 0]).sum()) > 0.97


def test_blank_picture_is_like_nothing():
    """A descriptor of nothing is zero."""
    assert not describe(np.zeros((1, 96, 96), np.float32)).any()
