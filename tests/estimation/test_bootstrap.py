"""Intervals from a bootstrap over patients."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import (
    MetricSamples,
    MetricSet,
    draw_patients,
    sample_ranking,
    sample_ratios,
    summarize,
)
from tumorscope.estimation.intervals import percentile_interval
from tumorscope.estimation.metrics import RatioTerms, rank_slices

SPEC = EvaluateSpec(bootstrap_draws=400)


def _draws(groups, spec=SPEC):
    groups = pd.Series(groups, dtype="str")
    sites = pd.Series([None] * len(groups), dtype="str")
    return draw_patients(groups, sites, spec, grouping="patient")


def _auroc(labels, scores, groups, spec=SPEC):
    draws = _draws(groups, spec)
    values, _ = sample_ranking(rank_slices(labels, scores), draws)
    samples = MetricSamples(
        name="auroc",
        values=values,
        entered=np.ones(len(labels), dtype=bool),
        reason="one class",
        is_share=True,
    )
    return summarize([samples], draws)


def _cohort(rng, patients=30, slices=20, patient_effect=1.5):
    """Scores that share an effect inside a patient, whose share of tumour varies too."""
    patient = np.repeat(np.arange(patients), slices)
    share = rng.uniform(0.1, 0.9, patients)[patient]
    labels = (rng.random(len(patient)) < share).astype(np.int64)
    effect = rng.normal(0, patient_effect, patients)[patient]
    return labels, labels * 1.5 + effect + rng.normal(size=len(patient)), patient


def test_draws_are_the_metric_on_repeated_patients():
    """Each draw equals the mean over slices copied as often as their patient."""
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(40), 3)
    values = rng.normal(size=40)[patient] + rng.normal(size=120)
    draws = _draws(patient)
    terms = RatioTerms(
        names=("mean",), numerator=values[:, None], denominator=np.ones((120, 1))
    )

    samples = sample_ratios(terms, draws, reasons={"mean": "no slices"})
    estimate = summarize(samples, draws)["mean"]

    copied = [
        np.repeat(values, counts[draws.patient_of_slice].astype(int)).mean()
        for counts in draws.counts
    ]
    # 40 patients: Student's quantile 2.0227 times sqrt(40 / 39) instead of 1.96.
    reach = 2.0227 * np.sqrt(40 / 39) * np.std(copied[1:])
    assert samples[0].values == pytest.approx(copied)
    assert estimate.value == pytest.approx(copied[0])
    assert estimate.low == pytest.approx(copied[0] - reach, abs=1e-4)
    assert estimate.high == pytest.approx(copied[0] + reach, abs=1e-4)
    assert (estimate.n_slices, estimate.n_patients) == (120, 40)
    plain = percentile_interval(np.array(copied[1:]), level=0.95)
    assert plain == pytest.approx(tuple(np.percentile(copied[1:], (2.5, 97.5))))


def test_a_perfect_share_is_no_proof_of_perfection():
    """45 of 45 patients prove 92.1 %, the bound of Clopper and Pearson, not 100 %."""
    figures = _auroc(
        np.tile([1, 0], 45), np.tile([0.9, 0.1], 45), np.repeat(np.arange(45), 2)
    )

    assert figures["auroc"].low == pytest.approx(0.9213, abs=1e-4)
    assert figures["auroc"].high == 1


def test_coefficient_has_an_interval_around_itself():
    """Draws that are biased upwards do not carry the interval away from the figure."""
    values = np.concatenate([[1.0], np.random.default_rng(4).normal(1.4, 0.2, 400)])
    draws = _draws(np.arange(20))
    samples = MetricSamples(
        name="slope",
        values=values,
        entered=np.ones(20, dtype=bool),
        reason="",
        is_coefficient=True,
    )

    found = summarize([samples], draws)["slope"]

    reach = 2.0930 * np.sqrt(20 / 19) * values[1:].std()
    assert (found.low, found.high) == pytest.approx((1 - reach, 1 + reach), abs=1e-3)


@pytest.mark.parametrize("low_draw", [0.0, -0.001])
def test_a_difference_is_never_forced_above_zero(low_draw):
    """Even if no draw is negative, the interval does not leave zero out."""
    drawn = np.abs(np.random.default_rng(3).normal(0.02, 0.02, 400))
    values = np.concatenate([[0.02, low_draw], drawn])
    draws = _draws(np.arange(20))
    samples = MetricSamples(
        name="difference", values=values, entered=np.ones(20, dtype=bool), reason=""
    )

    found = summarize([samples], draws)["difference"]

    reach = 2.0930 * np.sqrt(20 / 19) * values[1:].std()
    expected = 0.0 if low_draw == 0 else 0.02 - reach
    assert found.low == pytest.approx(expected, abs=1e-5)
    assert found.high == pytest.approx(0.02 + reach, abs=1e-5)


def test_a_count_has_no_negative_interval():
    """A median of one false positive reaches down to none, not below."""
    values = np.array([1.0, 0, 0, 1, 2, 5, 1, 3, 0, 1])
    samples = MetricSamples(
        name="count", values=values, entered=np.ones(5, dtype=bool), reason=""
    )

    found = summarize([samples], _draws(np.arange(5)))["count"]

    assert found.low == 0
    assert found.high > 2


def test_level_sets_the_width():
    """A 50 % interval lies inside the 95 % interval of the same draws."""
    labels, scores, patient = _cohort(np.random.default_rng(0))

    wide = _auroc(labels, scores, patient)["auroc"]
    narrow = _auroc(
        labels, scores, patient, EvaluateSpec(bootstrap_draws=400, level=0.5)
    )["auroc"]

    assert wide.low < narrow.low < narrow.high < wide.high
    assert (wide.level, narrow.level) == (0.95, 0.5)


def test_draws_of_one_class_are_left_out_and_counted():
    """Two patients of one class each: half of the draws have no AUROC."""
    figures = _auroc(np.array([1, 0]), np.array([0.9, 0.1]), list("ab"))

    drawn = _draws(list("ab")).counts[1:]
    assert figures["auroc"].value == 1
    assert figures.draws_left_out == (int((drawn[:, 0] != 1).sum()),)
    assert 100 < figures.draws_left_out[0] < 300


@pytest.mark.parametrize(
    ("labels", "groups", "reason"),
    [
        ([1, 1], list("ab"), "one class"),
        ([1, 0], list("aa"), "an interval needs at least two patients"),
    ],
)
def test_figure_that_cannot_be_assessed_has_a_reason(labels, groups, reason):
    """One class, or one patient, gives the reason and neither value nor exception."""
    estimate = _auroc(np.array(labels), np.array([0.9, 0.1]), groups)["auroc"]

    assert np.isnan(estimate.value)
    assert np.isnan(estimate.low)
    assert estimate.reason == reason


def test_duplicating_every_patient_keeps_the_value_and_narrows_the_interval():
    """Twice the patients: the same AUROC, an interval about 1.4 times as narrow."""
    labels, scores, patient = _cohort(np.random.default_rng(1))

    once = _auroc(labels, scores, patient)["auroc"]
    twice = _auroc(
        np.tile(labels, 2),
        np.tile(scores, 2),
        np.concatenate([patient, patient + 1000]),
    )["auroc"]

    assert twice.value == pytest.approx(once.value)
    assert 1.2 < (once.high - once.low) / (twice.high - twice.low) < 1.7


def test_clustered_interval_is_wider_than_the_slice_interval():
    """Scores with a patient effect: resampling slices would claim too much."""
    labels, scores, patient = _cohort(np.random.default_rng(2))

    clustered = _auroc(labels, scores, patient)["auroc"]
    naive = _auroc(labels, scores, np.arange(len(labels)))["auroc"]

    assert clustered.value == naive.value
    assert clustered.high - clustered.low > 1.5 * (naive.high - naive.low)


@pytest.mark.slow
def test_clustered_interval_covers_the_truth_as_often_as_it_says():
    """In 200 simulated cohorts of 8 patients the 95 % interval holds in 91 % or more."""
    rng = np.random.default_rng(3)
    spec = EvaluateSpec(bootstrap_draws=200)
    labels, scores, patient = _cohort(rng, patients=2000)
    truth, _ = _sampled(labels, scores, patient, EvaluateSpec(bootstrap_draws=100))

    hits = {"in use": 0, "plain percentiles": 0, "slices": 0}
    for _ in range(200):
        labels, scores, patient = _cohort(rng, patients=8)
        values, draws = _sampled(labels, scores, patient, spec)
        naive, of_slices = _sampled(labels, scores, np.arange(len(labels)), spec)
        found = {
            "in use": _share_interval(values, draws),
            "plain percentiles": percentile_interval(values[1:], level=0.95),
            "slices": _share_interval(naive, of_slices),
        }
        for name, (low, high) in found.items():
            hits[name] += low <= truth[0] <= high

    # 95 % of 200, less two and a half standard deviations of such a count.
    assert hits["in use"] / 200 >= 0.91
    assert hits["plain percentiles"] < hits["in use"]
    assert hits["slices"] / 200 < 0.8


def _sampled(labels, scores, groups, spec):
    draws = _draws(groups, spec)
    return sample_ranking(rank_slices(labels, scores), draws)[0], draws


def _share_interval(values, draws):
    every = np.ones(len(draws.patient_of_slice), dtype=bool)
    samples = MetricSamples(
        name="auroc", values=values, entered=every, reason="", is_share=True
    )
    estimate = summarize([samples], draws)["auroc"]
    return estimate.low, estimate.high


def test_metric_set_finds_figures_by_name_and_refuses_repeated_names():
    """Figures are looked up by name; the same name twice is no set."""
    figures = _auroc(np.array([1, 0, 1]), np.array([0.9, 0.1, 0.2]), list("abc"))

    assert [each.name for each in figures] == ["auroc"]
    with pytest.raises(KeyError, match="known are"):
        figures["accuracy"]
    with pytest.raises(DataError, match="unique names"):
        figures + figures
    with pytest.raises(DataError, match="unique names"):
        MetricSet(estimates=figures.estimates, draws_left_out=())
