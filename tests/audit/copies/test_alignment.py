"""Laying one picture on another."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.copies.alignment import FINE, Warps, align, shrink, warp


def _waves(rows, columns):
    """Return a smooth picture at these places, given in shares of the side."""
    return np.sin(40 * rows + 12 * columns) + np.cos(33 * columns - 21 * rows)


def _grid():
    centers = (np.arange(96) + 0.5) / 96
    return np.meshgrid(centers, centers, indexing="ij")


def _identity(count=1):
    return Warps(
        scale=np.ones((count, 2), np.float32), shift=np.zeros((count, 2), np.float32)
    )


@pytest.mark.parametrize("scale", [(1.0, 1.0), (0.96, 1.03)])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.02, -0.015)])
def test_known_scale_and_shift_are_found(scale, shift):
    """A picture that was moved by known amounts is laid back on itself."""
    rows, columns = _grid()
    source = _waves(rows, columns)[None].astype(np.float32)
    moved = _waves(scale[0] * rows + shift[0], scale[1] * columns + shift[1])

    found = align(
        source, moved[None].astype(np.float32), _identity(), FINE, min_correlation=0.5
    )

    np.testing.assert_allclose(found.warps.scale[0], scale, atol=0.004)
    np.testing.assert_allclose(found.warps.shift[0], shift, atol=0.004)


def test_pictures_that_do_not_fit_are_dropped():
    """Of two pairs only the equal one is left."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(2, 96, 96)).astype(np.float32)
    second = np.stack([rng.normal(size=(96, 96)), first[1]]).astype(np.float32)

    found = align(first, second, _identity(2), FINE, min_correlation=0.8)

    np.testing.assert_array_equal(found.kept, [1])
    assert found.moved.shape == found.inside.shape == (1, 96, 96)


def test_no_pairs_stay_none():
    """An empty block comes back empty."""
    nothing = np.empty((0, 96, 96), np.float32)

    assert len(align(nothing, nothing, _identity(0), FINE, min_correlation=0).kept) == 0


def test_outside_of_the_source_is_marked():
    """Where a source ends the moved picture is zero and not inside."""
    half = Warps(
        scale=np.ones((1, 2), np.float32), shift=np.array([[0.5, 0.0]], np.float32)
    )

    moved, inside = warp(np.ones((1, 8, 8), np.float32), half)

    np.testing.assert_array_equal(inside[0], moved[0])
    np.testing.assert_array_equal(moved[0].sum(axis=1), [8, 8, 8, 8, 0, 0, 0, 0])


def test_shrinking_is_averaging():
    """Four pixels become their mean."""
    small = shrink(np.array([[[1, 3], [5, 7]]], np.float32), 1)

    assert small.tolist() == [[[4]]]
