"""What the bootstrap draws of a figure say of its uncertainty."""

import numpy as np
import pytest

from tumorscope.estimation.intervals import (
    FEWEST_PATIENTS,
    Spread,
    end_interval,
    percentile_interval,
    share_interval,
    t_interval,
)

DRAWN = np.array([0.6, 0.8, 0.9])
FOUR = Spread(n_patients=4, strata=1, level=0.95)


def test_outward_end_of_a_share_is_a_t_bound_on_the_logit_scale():
    """Written out for three draws: deviation of the draws, delta method, t of 4."""
    reach = 3.18245 * np.sqrt(4 / 3) * DRAWN.std()

    _, high = share_interval(0.8, DRAWN, FOUR)

    assert high == pytest.approx(
        1 / (1 + np.exp(-(np.log(4) + reach / (0.8 * 0.2)))), abs=1e-5
    )


def test_inward_end_of_a_share_is_where_the_spread_there_reaches_the_figure():
    """At the lower end the figure is exactly as far off as the spread grown to there."""
    reach = 3.18245 * np.sqrt(4 / 3) * DRAWN.std()

    low, _ = share_interval(0.8, DRAWN, FOUR)

    grown = reach * (low * (1 - low) / (0.8 * 0.2)) ** 0.75
    assert 0.8 - low == pytest.approx(grown, abs=1e-5)


@pytest.mark.parametrize("value", [0.01, 0.3, 0.6, 0.965, 0.999])
def test_a_share_and_what_is_left_of_it_have_mirrored_intervals(value):
    """Errors are one minus hits: both tell the same, and both lie in [0, 1]."""
    deviation = 0.2 * value * (1 - value)
    drawn = np.random.default_rng(0).normal(value, deviation, 500)
    spread = Spread(n_patients=8, strata=3, level=0.95)

    low, high = share_interval(value, drawn, spread)

    assert share_interval(1 - value, 1 - drawn, spread) == pytest.approx(
        (1 - high, 1 - low)
    )
    assert 0 < low < value < high < 1


def test_a_flattering_share_reaches_further_down_than_up():
    """Few patients with a high figure: the truth is rather below it than above."""
    spread = Spread(n_patients=8, strata=3, level=0.95)
    drawn = np.random.default_rng(0).normal(0.965, 0.01, 500)

    low, high = share_interval(0.965, drawn, spread)

    assert 2 < (0.965 - low) / (high - 0.965) < 6
    assert low > 0.8


@pytest.mark.parametrize("value", [0.2, 0.5, 0.97])
def test_a_higher_level_holds_a_lower_one(value):
    """The 50 % interval lies inside the 95 % interval at either end of the scale."""
    drawn = np.random.default_rng(1).normal(value, 0.01, 400)
    narrow, wide = (
        share_interval(value, drawn, Spread(n_patients=10, strata=1, level=level))
        for level in (0.5, 0.95)
    )

    assert wide[0] < narrow[0] < value < narrow[1] < wide[1]


def test_strata_cost_freedom():
    """Patients drawn within three sites: three means are estimated, not one."""
    one, three = (
        Spread(n_patients=20, strata=strata, level=0.95).deviations for strata in (1, 3)
    )

    assert one == pytest.approx(2.0930 * np.sqrt(20 / 19), abs=1e-4)
    assert three == pytest.approx(2.1098 * np.sqrt(20 / 17), abs=1e-4)


def test_intervals_become_the_plain_ones_with_many_patients():
    """At 5,000 patients with a small spread the ends are the percentiles."""
    drawn = np.random.default_rng(0).normal(0.8, 0.002, 20_000)
    spread = Spread(n_patients=5000, strata=3, level=0.95)
    plain = percentile_interval(drawn, level=0.95)

    for found in (t_interval(0.8, drawn, spread), share_interval(0.8, drawn, spread)):
        assert found == pytest.approx(plain, abs=2e-4)


def test_draws_that_all_agree_leave_a_point():
    """Without any spread there is nothing to widen: both ends are the figure."""
    assert share_interval(0.3, np.full(9, 0.3), FOUR) == pytest.approx((0.3, 0.3))


def test_exact_ends_are_those_of_clopper_and_pearson():
    """45 of 45 prove 92.1 %, none of 45 at most 7.9 %, 110 of 110 prove 96.7 %."""
    spread = Spread(n_patients=45, strata=3, level=0.95)

    assert end_interval(1, spread) == pytest.approx((0.9213, 1), abs=1e-4)
    assert end_interval(0, spread) == pytest.approx((0, 0.0787), abs=1e-4)
    assert share_interval(1, np.ones(9), spread) == end_interval(1, spread)
    assert share_interval(0, np.zeros(9), spread) == end_interval(0, spread)
    many = Spread(n_patients=110, strata=3, level=0.95)
    assert end_interval(1, many)[0] == pytest.approx(0.967, abs=5e-4)


def test_t_interval_stands_around_the_figure():
    """Draws of mean 5 do not move an interval around 1."""
    drawn = np.array([4.0, 5.0, 6.0])

    reach = 3.18245 * np.sqrt(4 / 3) * drawn.std()
    assert t_interval(1, drawn, FOUR) == pytest.approx((1 - reach, 1 + reach), abs=1e-4)


def test_fewer_patients_than_strata_still_have_an_interval():
    """A figure into which two of three sites' patients enter keeps one freedom."""
    spread = Spread(n_patients=2, strata=3, level=0.95)

    low, high = share_interval(0.5, np.linspace(0, 1, 11), spread)

    assert spread.deviations == pytest.approx(12.7062 * np.sqrt(2), abs=1e-3)
    assert 0 <= low < 0.05
    assert 0.95 < high <= 1


def test_a_handful_of_patients_is_below_what_was_simulated():
    """The number that a report warns below is fixed, not found on the set at hand."""
    assert FEWEST_PATIENTS == 6
