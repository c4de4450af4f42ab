"""Slices with fine detail, as unlike as heads, and their fingerprints."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.copies.fingerprint import fingerprint_slice, stack_fingerprints


def _slice(seed, *, side=160):
    """Return an oval head with random detail of two sizes, on a black background."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(
        rng.random((12, 12)), (side, side), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.resize(rng.random((48, 48)), (side, side), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    inside = (rows / 0.8) ** 2 + (columns / 0.65) ** 2 < 1
    levels = np.clip(60 + 90 * coarse + 60 * fine, 0, 255)
    return np.where(inside, levels, 0).astype(np.uint8)


def _prints(pictures, digests=None):
    return stack_fingerprints(
        (fingerprint_slice(each) for each in pictures),
        digests or [str(row) for row in range(len(pictures))],
    )


@pytest.fixture
def head():
    """Return a maker of slices by seed."""
    return _slice


@pytest.fixture
def take():
    """Return a maker of fingerprints of pictures."""
    return _prints
