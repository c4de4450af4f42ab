"""Scores of one map: binary by either rule, precision, degenerate cores."""

import numpy as np
import pytest

from tumorscope.explanation.map_score import make_binary, score_map
from tumorscope.explanation.masked_maps import MaskedMap

CORE = np.ones((10, 10), bool)
RANKED = np.arange(100, dtype=np.float32).reshape(10, 10)


def masked(values, mask, core=CORE):
    """Return a map beside its mask."""
    return MaskedMap(map=values, mask=mask, core=core)


def test_binary_is_above_the_cut_off_or_the_top_of_the_core():
    """Strictly above 95 are four pixels; the top 12 % of 100 are twelve."""
    assert make_binary(RANKED, CORE, tau=95).sum() == 4
    assert make_binary(RANKED, CORE, tau=None).sum() == 12
    assert make_binary(RANKED, ~CORE, tau=None).sum() == 0


def test_precision_is_the_share_of_the_largest_component_inside():
    """A row of ten highlighted, four of them in the mask: 0.4; recall does not count."""
    values = np.zeros((10, 10), np.float32)
    values[3] = 1
    values[8, :2] = 1  # a smaller component, inside the mask
    mask = np.zeros((10, 10), bool)
    mask[3, :4] = mask[8] = True

    score = score_map(masked(values, mask), tau=0.5)

    assert score.precision == pytest.approx(0.4)
    assert score.dice == pytest.approx(2 * 4 / (10 + 14))


def test_precision_of_the_top_of_the_core_takes_five_percent():
    """Of 100 core pixels the top 5; four of them lie in the mask."""
    mask = np.zeros((10, 10), bool)
    mask.flat[90:99] = True

    score = score_map(masked(RANKED, mask), tau=0)

    assert score.precision_top_core == pytest.approx(4 / 5)


def test_an_empty_binary_map_and_an_empty_core_score_zero():
    """They stay in the mean."""
    mask = np.zeros((10, 10), bool)
    mask[0, 0] = True

    score = score_map(masked(RANKED, mask, ~CORE), tau=1000)

    assert (score.precision, score.dice, score.precision_top_core) == (0, 0, 0)
    assert score.average_precision == pytest.approx(0.01)
