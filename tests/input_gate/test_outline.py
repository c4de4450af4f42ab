"""Tests of the outline's measures."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.input_gate.outline import measure_outline


def ellipse(size=120, axes=(40, 50), center=(60, 60)):
    y, x = np.mgrid[:size, :size]
    return np.hypot((x - center[0]) / axes[0], (y - center[1]) / axes[1]) < 1


def test_an_ellipse_is_its_own_ellipse():
    """Overlap, elongation, area and symmetry of a drawn ellipse are its own."""
    found = measure_outline(ellipse())

    assert found.ellipse_overlap > 0.97
    assert found.elongation == pytest.approx(50 / 40, rel=0.02)
    assert found.area_share == pytest.approx(np.pi * 40 * 50 / 120**2, rel=0.03)
    assert found.mirror_overlap > 0.97
    assert found.hole_share == 0
    assert found.edge_share == 0
    assert found.small_parts == 0


def test_holes_are_filled_and_counted():
    """Dark ventricles belong to the head and are told as its dark share."""
    mask = ellipse() & ~ellipse(axes=(12, 15))

    found = measure_outline(mask)

    assert found.area_share == pytest.approx(measure_outline(ellipse()).area_share)
    assert found.hole_share == pytest.approx(12 * 15 / (40 * 50), abs=0.02)


def test_four_tiles_have_gaps_both_ways():
    """Four like parts leave a dark row and a dark column."""
    small = np.pad(np.ones((40, 40), bool), 10)

    found = measure_outline(np.tile(small, (2, 2)))

    assert found.row_gap
    assert found.column_gap
    assert found.second_part_share == pytest.approx(1)
    assert found.small_parts == 3


def test_a_crescent_is_neither_elliptic_nor_solid():
    """A part with a bite differs from ellipse and hull."""
    found = measure_outline(ellipse() & ~ellipse(center=(90, 60)))

    assert found.ellipse_overlap < 0.7
    assert found.solidity < 0.9
    assert found.mirror_overlap < 0.7


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (64, 64)])
def test_no_foreground_is_no_outline(shape):
    """An empty picture of any shape has zero measures."""
    found = measure_outline(np.zeros(shape, bool))

    assert found.area_share == 0
    assert found.second_part_share == 0
    assert not found.row_gap


def test_a_full_picture_touches_every_edge():
    """A picture without air fills frame and edge."""
    found = measure_outline(np.ones((64, 80), bool))

    assert found.edge_share == 1
    assert found.area_share > 0.95
