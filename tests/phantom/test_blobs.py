"""Tests that lesions displace, and have the shape of a blob."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.phantom.blobs import displace, draw_blob


def test_tissue_comes_from_nearer_the_center():
    """Mass effect: what is seen beside the tumour lay closer to its centre before."""
    blob = draw_blob(np.random.default_rng(0), np.zeros(3), 10.0, 4.0)
    points = np.array([[0.001, 10, 22, 200], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32)

    shift = displace(points, np.full(4, -50, np.float32), (blob,))

    assert shift[0, 0] == pytest.approx(0, abs=0.01)
    assert shift[0, 1] == pytest.approx(-4, abs=0.01)
    assert -4 < shift[0, 2] < -1
    assert shift[0, 3] == pytest.approx(0, abs=0.01)
    source = points[0] + shift[0]
    assert (np.diff(source) > 0).all()  # no fold


def test_the_skull_does_not_give_way():
    """At the skull a tenth of the displacement is left."""
    blob = draw_blob(np.random.default_rng(0), np.zeros(3), 10.0, 4.0)
    points = np.array([[10], [0], [0]], np.float32)

    shift = displace(points, np.zeros(1, np.float32), (blob,))

    assert shift[0, 0] == pytest.approx(-0.4, abs=0.01)


def test_depth_is_positive_at_the_center_and_negative_far_away():
    """However rough, a blob is a blob."""
    blob = draw_blob(np.random.default_rng(1), np.array([5.0, 0, 0]), 12.0, 0.0)
    points = np.array([[5, 70], [0, 0], [0, 0]], np.float32)

    depth = blob.depth_mm(points)

    assert depth[0] > 3
    assert depth[1] < -20
