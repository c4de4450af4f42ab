"""Percentiles of counted values: numpy's, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.value_counts import percentiles_of_counts


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 4096])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_counting_finds_what_ordering_finds(size, kind):
    """No slice is prepared otherwise because its pixels were counted."""
    generator = np.random.default_rng(size)
    values = generator.integers(0, np.iinfo(kind).max, size, dtype=kind)
    percents = (0, 0.7, 1.0, 33.3, 50.0, 99.5, 100)

    found = percentiles_of_counts(np.bincount(values), percents)

    assert found == [float(one) for one in np.percentile(values, percents)]


def test_equal_values_have_one_percentile():
    """A flat region gives the same lower and upper end."""
    assert percentiles_of_counts(np.bincount([7, 7, 7]), (1, 99)) == [7, 7]
