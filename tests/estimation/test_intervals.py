"""What the bootstrap draws of a figure say of its uncertainty."""

import numpy as np
import pytest

from tumorscope.estimation.intervals import (
    Spread,
    end_interval,
    expanded_interval,
    logit_interval,
    percentile_interval,
    t_interval,
)


def test_share_has_a_t_interval_on_the_logit_scale():
    """Written out for three draws: logit 0.8, their deviation, t of 4 patients."""
    drawn = np.array([0.6, 0.8, 0.9])
    spread = Spread(n_patients=4, strata=1, level=0.95)

    low, high = logit_interval(0.8, drawn, spread)

    logit = np.log(drawn / (1 - drawn))
    reach = 3.18245 * np.sqrt(4 / 3) * logit.std()
    expected = 1 / (1 + np.exp(-(np.log(4) + reach * np.array([-1, 1]))))
    assert (low, high) == pytest.approx(tuple(expected), abs=1e-5)


def test_strata_cost_freedom():
    """Patients drawn within three sites: three means are estimated, not one."""
    one, three = (
        Spread(n_patients=20, strata=strata, level=0.95).normal_units
        for strata in (1, 3)
    )

    assert one == pytest.approx(2.0930 * np.sqrt(20 / 19), abs=1e-4)
    assert three == pytest.approx(2.1098 * np.sqrt(20 / 17), abs=1e-4)


def test_intervals_become_the_plain_ones_with_many_patients():
    """At 5,000 patients the ends move by a twentieth of the half-width at most."""
    drawn = np.random.default_rng(0).normal(0.8, 0.01, 20_000)
    spread = Spread(n_patients=5000, strata=3, level=0.95)
    plain = percentile_interval(drawn, level=0.95)

    for found in (
        expanded_interval(drawn, spread),
        logit_interval(0.8, drawn, spread),
    ):
        assert found == pytest.approx(plain, abs=1e-3)


def test_draws_at_the_end_of_the_scale_count_as_half_a_slice_inside():
    """A draw of exactly 1 has no logit: it is taken as half a slice below 1."""
    drawn = np.array([0.9, 1.0, 0.95, 1.0])
    spread = Spread(n_patients=30, strata=1, level=0.95, resolution=0.5 / 40)

    low, high = logit_interval(0.96, drawn, spread)

    assert 0 < low < 0.96 < high < 1


def test_exact_ends_are_those_of_clopper_and_pearson():
    """45 of 45 prove 92.1 %, none of 45 at most 7.9 %, 110 of 110 prove 96.7 %."""
    spread = Spread(n_patients=45, strata=3, level=0.95)

    assert end_interval(1, spread) == pytest.approx((0.9213, 1), abs=1e-4)
    assert end_interval(0, spread) == pytest.approx((0, 0.0787), abs=1e-4)
    many = Spread(n_patients=110, strata=3, level=0.95)
    assert end_interval(1, many)[0] == pytest.approx(0.967, abs=5e-4)


def test_t_interval_stands_around_the_figure():
    """Draws of mean 5 do not move an interval around 1."""
    drawn = np.array([4.0, 5.0, 6.0])
    spread = Spread(n_patients=4, strata=1, level=0.95)

    reach = 3.18245 * np.sqrt(4 / 3) * drawn.std()
    assert t_interval(1, drawn, spread) == pytest.approx(
        (1 - reach, 1 + reach), abs=1e-4
    )


def test_fewer_patients_than_strata_still_have_an_interval():
    """A figure into which two of three sites' patients enter keeps one freedom."""
    spread = Spread(n_patients=2, strata=3, level=0.95)

    low, high = expanded_interval(np.linspace(0, 1, 11), spread)

    assert np.isfinite(spread.normal_units)
    assert (low, high) == pytest.approx((0, 1), abs=1e-3)


def test_a_small_share_keeps_a_width():
    """A mean far below what one slice weighs must not look certain."""
    drawn = np.array([0.001, 0.002, 0.004, 0.005])
    spread = Spread(n_patients=4, strata=1, level=0.95, resolution=0.08)

    low, high = logit_interval(0.003, drawn, spread)

    assert low < 0.002
    assert high > 0.005
