"""Correction of p-values for their number."""

import math

import pytest

from tumorscope.estimation.holm import adjust_holm


def test_holm_steps_down_from_the_smallest():
    """The example of three tests: 0.01 x 3, 0.03 x 2, then never falling."""
    assert adjust_holm([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])
    assert adjust_holm([0.9, 0.8]) == [1, 1]
    assert adjust_holm([]) == []
    first, blank = adjust_holm([0.02, float("nan")])
    assert first == 0.02
    assert math.isnan(blank)
