"""Tests of what a scanner does to an ideal picture."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.phantom.contrast import SEQUENCES, draw_contrast
from tumorscope.phantom.scanners import SCANNERS, SITES, acquire, draw_k_space_window


def test_every_site_has_two_scanners_with_names_of_their_own():
    """The site can be told from the scanner's name."""
    names = [scanner.name for pair in SCANNERS.values() for scanner in pair]

    assert set(SCANNERS) == set(SITES)
    assert len(set(names)) == 2 * len(SITES)


def test_air_shows_rayleigh_noise_of_the_scanner():
    """Without signal a magnitude image has mean sigma * sqrt(pi / 2), never zero noise."""
    scanner = SCANNERS["A"][1]
    empty = np.zeros((4, 64, 64, 3), np.float32)

    pixels = acquire(empty, scanner, np.random.default_rng(0))

    expected = scanner.noise * np.sqrt(np.pi / 2) * 255 / 1.25
    assert 0.4 * expected < pixels[..., 0].mean() < 1.3 * expected


def test_a_narrow_matrix_blurs():
    """Less of k-space measured, less of a fine stripe left."""
    stripes = np.tile(np.array([0.0, 1.0], np.float32), 32)[None].repeat(64, axis=0)
    spectrum = np.fft.rfft2(stripes)

    wide = np.fft.irfft2(spectrum * draw_k_space_window((64, 64), (1.2, 1.2)))
    narrow = np.fft.irfft2(spectrum * draw_k_space_window((64, 64), (0.6, 0.6)))

    assert wide.std() > 0.3
    assert narrow.std() == pytest.approx(0, abs=1e-6)


def test_brightness_does_not_depend_on_what_else_is_in_the_picture():
    """A bright lesion must not darken the rest, or a mean would give it away."""
    plain = np.full((2, 64, 64, 3), 0.4, np.float32)
    with_lesion = plain.copy()
    with_lesion[:, 28:36, 28:36] = 1.2
    scanner = SCANNERS["B"][0]

    before = acquire(plain, scanner, np.random.default_rng(1))
    after = acquire(with_lesion, scanner, np.random.default_rng(1))

    np.testing.assert_allclose(before[:, :16].mean(), after[:, :16].mean(), rtol=0.01)


def test_fat_suppression_darkens_fat_where_the_scanner_has_it():
    """Site C suppresses fat on FLAIR and after contrast, not before."""
    rng = np.random.default_rng(0)

    fat = draw_contrast(SCANNERS["C"][0], rng)["fat"]

    assert len(fat) == len(SEQUENCES)
    assert fat[0] > 0.8
    assert fat[1] < 0.5
    assert fat[2] < 0.5
