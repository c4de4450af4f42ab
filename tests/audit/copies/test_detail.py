"""How far fine detail agrees."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.detail import count_detailed_parts, measure_agreement

EVERYWHERE = np.ones((96, 96), dtype=bool)


@pytest.fixture
def picture():
    return (40 * np.random.default_rng(0).normal(size=(96, 96))).astype(np.float32)


def test_equal_pictures_agree_wholly(picture):
    """A picture agrees with itself at any contrast."""
    assert measure_agreement(picture, picture, EVERYWHERE) == pytest.approx(1, abs=1e-4)
    assert measure_agreement(3 * picture, picture, EVERYWHERE) == pytest.approx(
        1, abs=1e-4
    )


def test_other_detail_does_not_agree(picture):
    """Two noises do not agree."""
    other = np.random.default_rng(1).normal(size=(96, 96)).astype(np.float32) * 40

    assert measure_agreement(picture, other, EVERYWHERE) < 0.3


def test_one_changed_corner_does_no_harm(picture):
    """A mark over a ninth of the picture leaves the agreement high."""
    marked = picture.copy()
    marked[:32, :32] = 0

    assert measure_agreement(marked, picture, EVERYWHERE) > 0.95


def test_too_little_in_common_is_no_agreement(picture):
    """With few parts inside nothing can be said, and 0 is not a copy."""
    corner = np.zeros((96, 96), dtype=bool)
    corner[:32, :32] = True

    assert measure_agreement(picture, picture, corner) == 0


def test_parts_with_detail_are_counted(picture):
    """Blank parts do not count."""
    half = picture.copy()
    half[48:] = 0

    assert count_detailed_parts(picture) == 36
    assert 18 <= count_detailed_parts(half) <= 24
    assert count_detailed_parts(np.zeros((96, 96), np.float32)) == 0
