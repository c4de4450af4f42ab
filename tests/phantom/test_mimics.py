"""Tests of the findings that are no tumour."""

from __future__ import annotations

import numpy as np

from tumorscope.phantom.mimics import draw_mimics


def test_hyperintensities_grow_with_age(candidates):
    """The old have more spots than the young, tumour or not."""

    def spots(age_years):
        return sum(
            len(draw_mimics(np.random.default_rng(seed), candidates, age_years).spots)
            for seed in range(20)
        )

    assert spots(80) > 4 * max(spots(25), 1)
