"""Agreement of two maps: known ranks, known similarities, degenerate maps."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tumorscope.explanation.map_agreement import (
    rank_correlation,
    structural_similarity,
)

EVERYWHERE = np.ones((32, 32), bool)


@pytest.fixture
def maps():
    """Return two maps with ties."""
    generator = np.random.default_rng(0)
    return [generator.integers(0, 50, (32, 32)).astype(np.float32) for _ in range(2)]


def test_rank_correlation_is_spearmans(maps):
    """Ties have their mean rank, as in SciPy."""
    first, second = maps[0], maps[0] + maps[1]

    expected = spearmanr(first.ravel(), second.ravel()).statistic
    assert rank_correlation(first, second, EVERYWHERE) == pytest.approx(expected)


def test_rank_correlation_looks_at_ranks_inside_the_region_only(maps):
    """A monotone change keeps it at 1, a turned sign makes it -1, outside is ignored."""
    region = np.zeros((32, 32), bool)
    region[4:20, 4:20] = True
    other = np.exp(maps[0] / 20)
    other[~region] = maps[1][~region]

    assert rank_correlation(maps[0], other, region) == pytest.approx(1)
    assert rank_correlation(maps[0], -other, region) == pytest.approx(-1)


@pytest.mark.parametrize("constant", [0.0, 0.3, -7.1])
def test_a_constant_map_has_no_rank_correlation(maps, constant):
    """Nor has one that is constant up to rounding, or a region without pixels."""
    flat = np.full((32, 32), constant, np.float32)
    jitter = flat * np.float32(1 + 1e-7)
    jitter[::2] = flat[::2]

    assert np.isnan(rank_correlation(flat, maps[0], EVERYWHERE))
    assert np.isnan(rank_correlation(maps[0], jitter, EVERYWHERE))
    assert np.isnan(rank_correlation(maps[0], maps[1], ~EVERYWHERE))


def test_a_map_is_fully_similar_to_itself_and_to_its_multiples(maps):
    """Both are divided by their maximum; what speaks against a tumor is left out."""
    signed = maps[0] - 25

    assert structural_similarity(signed, signed, EVERYWHERE) == pytest.approx(1)
    assert structural_similarity(signed, 3 * signed, EVERYWHERE) == pytest.approx(1)
    clipped = np.maximum(signed, 0)
    assert structural_similarity(signed, clipped, EVERYWHERE) == pytest.approx(1)


def test_similarity_of_flat_maps_follows_the_formula():
    """A map of ones against one of zeros: C1 / (1 + C1) with C1 = 0.0001."""
    ones, zeros = np.ones((32, 32)), np.zeros((32, 32))

    found = structural_similarity(ones, zeros, EVERYWHERE)

    assert found == pytest.approx(1e-4 / (1 + 1e-4))


def test_unlike_maps_are_less_similar_and_the_region_decides(maps):
    """Two noises are far from 1; without a region there is no figure."""
    assert structural_similarity(maps[0], maps[1], EVERYWHERE) < 0.5
    assert np.isnan(structural_similarity(maps[0], maps[1], ~EVERYWHERE))
