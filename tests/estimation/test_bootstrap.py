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
    )
    return summarize([samples], draws)


def _cohort(rng, patients=30, slices=20, patient_effect=1.5):
    """Scores that share an effect inside a patient, whose share of tumour varies too."""
    patient = np.repeat(np.arange(patients), slices)
    share = rng.uniform(0.1, 0.9, patients)[patient]
    labels = (rng.random(len(patient)) < share).astype(np.int64)
    effect = rng.normal(0, patient_effect, patients)[patient]
    return labels, labels * 1.5 + effect + rng.normal(size=len(patient)), patient


def test_interval_is_the_percentiles_of_the_metric_on_repeated_patients():
    """Each draw equals the mean over slices copied as often as their patient."""
    values = np.array([0.0, 1.0, 2.0, 7.0])
    draws = _draws(list("aabc"))
    terms = RatioTerms(
        names=("mean",), numerator=values[:, None], denominator=np.ones((4, 1))
    )

    samples = sample_ratios(terms, draws, reasons={"mean": "no slices"})
    estimate = summarize(samples, draws)["mean"]

    copied = [
        np.repeat(values, counts[draws.patient_of_slice].astype(int)).mean()
        for counts in draws.counts
    ]
    assert estimate.value == copied[0] == 2.5
    assert estimate.low == pytest.approx(np.percentile(copied[1:], 2.5))
    assert estimate.high == pytest.approx(np.percentile(copied[1:], 97.5))
    assert (estimate.n_slices, estimate.n_patients) == (4, 3)


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
def test_clustered_interval_covers_the_truth_about_as_often_as_it_says():
    """In 60 simulated cohorts the 95 % interval holds the true AUROC in at least 85 %."""
    rng = np.random.default_rng(3)
    spec = EvaluateSpec(bootstrap_draws=100)
    labels, scores, patient = _cohort(rng, patients=2000)
    truth = _auroc(labels, scores, patient, EvaluateSpec(bootstrap_draws=100))["auroc"]

    hits = {"clustered": 0, "naive": 0}
    for _ in range(60):
        labels, scores, patient = _cohort(rng)
        groups = {"clustered": patient, "naive": np.arange(len(labels))}
        for name, group in groups.items():
            found = _auroc(labels, scores, group, spec)["auroc"]
            hits[name] += found.low <= truth.value <= found.high

    assert hits["clustered"] / 60 >= 0.85
    assert hits["naive"] / 60 < 0.8


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
