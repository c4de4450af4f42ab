"""Sets of possible labels: what is promised is kept on new patients."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.calibration import LogitCalibration, possible_labels
from tumorscope.evaluation.conformal import (
    fix_conformal_sets,
    highest_level,
    largest_score,
)
from tumorscope.evaluation.tuning_scores import TuningScores

RAW = LogitCalibration()


def _cohort(patients, rng, *, slices=20, between=2.0):
    """Return scores of patients who differ more than their slices do."""
    label = (np.arange(patients * slices) % slices < slices // 3).astype(int)
    owners = np.repeat(np.arange(patients), slices)
    shift = between * rng.normal(size=patients)
    logit = 3.0 * label - 1.5 + shift[owners] + 0.5 * rng.normal(size=len(owners))
    return TuningScores.from_owners(logit, label, owners)


def test_quantile_weighs_patients_and_one_unknown_patient():
    """Hand-computed: 3 patients weigh 1/4 each, shared by their slices."""
    scores = np.array([0.1, 0.2, 0.3, 0.9])
    patients = np.array([0, 1, 1, 2])  # weights 1/4, 1/8, 1/8, 1/4

    assert largest_score(scores, patients, level=0.25) == 0.1
    assert largest_score(scores, patients, level=0.375) == 0.2
    assert largest_score(scores, patients, level=0.38) == 0.3
    assert largest_score(scores, patients, level=0.75) == 0.9
    assert largest_score(scores, patients, level=0.76) is None


@pytest.mark.parametrize(("level", "needed"), [(0.9, 9), (0.95, 19), (0.99, 99)])
def test_a_level_needs_its_number_of_patients(level, needed):
    """19 patients for 95 %, 99 for 99 %: slices do not count."""
    scores = np.linspace(0, 1, 500)
    enough, few = (np.arange(500) % count for count in (needed, needed - 1))

    assert largest_score(scores, enough, level=level) is not None
    assert largest_score(scores, few, level=level) is None
    assert highest_level(needed) >= level - 1e-12


def test_repeated_subsampling_ends_at_the_same_quantile():
    """The weights are the limit of drawing one slice of each patient again and again."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, size=30)
    patients = np.repeat(np.arange(30), sizes)
    scores = rng.random(len(patients)) ** 2
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))

    cut = largest_score(scores, patients, level=0.8)

    drawn = scores[starts + rng.integers(0, sizes, size=(4000, 30))]
    p_values = (1 + (drawn >= cut).sum(axis=1)) / 31
    assert p_values.mean() == pytest.approx(0.2, abs=1 / 31 + 0.01)


def test_both_labels_have_their_own_cut_and_n():
    """Patients without tumor slices do not count for the tumor label."""
    tuning = TuningScores.from_owners(
        np.array([-2.0, -1.0, 1.0, 0.0]), [0, 0, 1, 1], np.array(["a", "b", "b", "c"])
    )

    found = fix_conformal_sets(tuning, RAW, levels=(0.6,))

    assert found.patients == (2, 2)
    assert found.slices == (2, 2)
    (level,) = found.levels
    assert level == found.deciding
    assert level.largest_score == pytest.approx((1 / (1 + np.e), 0.5))


@pytest.mark.parametrize(
    ("patients", "levels", "deciding"),
    [
        (6, (0.9, 0.95), 6 / 7),
        (9, (0.9, 0.95), 0.9),
        (19, (0.95, 0.9), 0.95),
        (1, (0.9,), 0.5),
    ],
)
def test_the_highest_promised_level_decides(patients, levels, deciding):
    """With too few patients, the level that they can promise is stored instead."""
    tuning = _cohort(patients, np.random.default_rng(0), slices=6)

    found = fix_conformal_sets(tuning, RAW, levels=levels)

    assert found.deciding.level == pytest.approx(deciding)
    assert found.deciding.is_promised
    for one in found.levels:
        assert one.is_promised == (one.level <= highest_level(patients) + 1e-9)


def test_a_missing_label_promises_nothing():
    """Without tumor slices no level decides, and the label stays in every set."""
    tuning = TuningScores.from_owners(np.zeros(30), [0] * 30, np.arange(30))

    found = fix_conformal_sets(tuning, RAW, levels=(0.9,))

    assert found.deciding is None
    assert found.patients == (30, 0)
    assert found.levels[0].largest_score[1] is None


@pytest.mark.slow
def test_coverage_is_kept_on_new_patients_and_lost_by_slices():
    """Clustered patients, 300 cohorts: each class is covered as promised.

    Taking slices as exchangeable promises the same and covers less.
    """
    rng = np.random.default_rng(0)
    kept, naive = [], []
    for _ in range(300):
        tuning, new = _cohort(20, rng), _cohort(30, rng)
        (level,) = fix_conformal_sets(tuning, RAW, levels=(0.95,)).levels
        probability = 1 / (1 + np.exp(-new.logit))
        inside = possible_labels(probability, level)
        kept.append([inside[new.label == label, label].mean() for label in (0, 1)])
        own = 1 / (1 + np.exp(-tuning.logit))
        cuts = [
            largest_score(score, np.arange(len(score)), level=0.95)
            for score in (own[tuning.label == 0], 1 - own[tuning.label == 1])
        ]
        naive.append(
            [
                (probability[new.label == 0] <= cuts[0]).mean(),
                (1 - probability[new.label == 1] <= cuts[1]).mean(),
            ]
        )

    assert (np.mean(kept, axis=0) >= 0.95).all()
    assert (np.mean(naive, axis=0) < 0.945).all()
