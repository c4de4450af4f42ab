"""Tests that tumours come in all sizes and kinds."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.phantom.contrast import draw_contrast
from tumorscope.phantom.scanners import SCANNERS
from tumorscope.phantom.tumors import RADIUS_MM, draw_tumors, paint_tumor


def test_sizes_spread_from_small_to_large(candidates):
    """Over many draws, radii fill the range and each growth pattern occurs."""
    tumors = [
        tumor
        for seed in range(30)
        for tumor in draw_tumors(np.random.default_rng(seed), candidates)
    ]
    radii = np.array([tumor.blob.radius_mm for tumor in tumors])

    assert radii.min() < 6.5
    assert radii.max() > 20
    assert RADIUS_MM[0] <= radii.min()
    assert radii.max() <= RADIUS_MM[1]
    assert {tumor.growth for tumor in tumors} == {
        "diffuse",
        "ring",
        "nodular",
        "meningeal",
    }


@pytest.mark.parametrize("growth", ["diffuse", "ring", "nodular", "meningeal"])
def test_a_tumor_is_brighter_on_flair_and_its_mask_stays_inside_the_skull(
    growth, candidates
):
    """Every growth pattern is seen on FLAIR where its mask is, and nothing leaks out."""
    tumor = next(
        drawn[0]
        for seed in range(200)
        if (drawn := draw_tumors(np.random.default_rng(seed), candidates))[0].growth
        == growth
    )
    contrast = draw_contrast(SCANNERS["A"][0], np.random.default_rng(0))
    axis = np.arange(-70, 71, 3, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis, axis)).reshape(3, -1)
    skull = np.linalg.norm(points, axis=0) - 60
    count = points.shape[1]
    brain = {
        "points_mm": points,
        "skull_mm": skull,
        "wm": np.ones(count, np.float32),
        "fluid": np.zeros(count, np.float32),
    }
    before = np.tile(contrast["white"], (count, 1))
    signal = before.copy()

    rows, is_tumor = paint_tumor(signal, tumor, contrast, brain)

    inside = rows[is_tumor]
    assert len(inside) > 5
    assert (skull[inside] < 0.5).all()
    np.testing.assert_array_equal(
        np.delete(signal, rows, axis=0), np.delete(before, rows, axis=0)
    )
    gain = signal[inside, 1] - before[inside, 1]
    assert np.median(gain) > 0.02
