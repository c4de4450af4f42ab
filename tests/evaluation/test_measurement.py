"""Every figure of one set of scored slices."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.measurement import (
    measure_fixed,
    measure_ranking,
    measure_subgroups,
    measure_tuned,
)

SPEC = EvaluateSpec(bootstrap_draws=100)


def _draws(table):
    return draw_patients(table["group"], table["site"], SPEC, grouping="patient")


def test_every_figure_has_an_interval_around_it_and_its_n(simulate):
    """Ranking figures of a full table are all assessed, with slices and patients."""
    table = simulate().table

    figures = measure_ranking(table, _draws(table))

    assert [each.name for each in figures] == [
        "auroc",
        "average_precision",
        "within_patient_auroc",
        "position_matched_auroc",
        "auroc_without_boundary",
        "brier",
        "log_loss",
    ]
    for each in figures:
        if each.name != "position_matched_auroc":
            assert each.low < each.value < each.high
            assert each.n_patients == 12
            assert each.resampled == "patients within site"
    # Two runs end inside each head: four boundary slices of twelve.
    assert figures["auroc_without_boundary"].n_slices == 12 * 8


def test_position_tells_nothing_at_a_matched_position(simulate):
    """A score that is the slice's height ranks well overall and at random by height."""
    rng = np.random.default_rng(0)
    index = np.tile(np.arange(20), 40)
    inside = np.abs(index - 9.5) < 4  # whole bins of height
    labels = (rng.random(800) < np.where(inside, 0.8, 0.2)).astype(int)
    score = (inside + rng.random(800)) / 2
    table = simulate(
        patients=40, slices=20, label=labels, tumor_probability=score
    ).table

    figures = measure_ranking(table, _draws(table))

    assert figures["auroc"].value > 0.75
    assert figures["position_matched_auroc"].low < 0.5
    assert figures["position_matched_auroc"].high > 0.5


@pytest.mark.parametrize(
    ("column", "name", "reason"),
    [
        ("patient_id", "within_patient_auroc", "no `patient_id`"),
        ("patient_id", "auroc_without_boundary", "no `patient_id`"),
        ("slice_index", "position_matched_auroc", "no `slice_index`"),
        ("slice_index", "auroc_without_boundary", "`slice_index`"),
    ],
)
def test_unknown_columns_are_named(simulate, column, name, reason):
    """What needs a column that the source does not know says so."""
    table = simulate(**{column: None}).table

    figure = measure_ranking(table, _draws(table))[name]

    assert reason in figure.reason
    assert np.isnan(figure.value)


def test_repeated_ranks_make_neighbors_unclear(simulate):
    """Two series of a patient with the same ranks: no figure without boundary."""
    table = simulate(slice_index=np.tile([0, 1, 2, 3], 36)).table

    figure = measure_ranking(table, _draws(table))["auroc_without_boundary"]

    assert "repeats" in figure.reason


def test_fixed_point_is_strictly_above_one_half(simulate):
    """A score of exactly 0.5 is not above 0.5."""
    table = simulate(tumor_probability=0.5).table

    point = measure_fixed(table, _draws(table))

    assert point.thresholds == (("fold-0", 0.5), ("fold-1", 0.5))
    assert point.confusion.true_positive == point.confusion.false_positive == 0
    assert point.metrics["specificity"].value == 1
    assert point.metrics["precision"].reason == "no slice is above the threshold"


def test_tuned_point_compares_each_slice_with_its_own_folds_threshold(simulate):
    """Recall over two folds with thresholds 0.4 and 0.6 equals scikit-learn's."""
    table = simulate().table

    point = measure_tuned(table, _draws(table))

    above = table["tumor_probability"] > table["threshold_probability"]
    labels = table["label"].to_numpy(dtype=int)
    assert dict(point.thresholds) == pytest.approx({"fold-0": 0.4, "fold-1": 0.6})
    assert point.metrics["recall"].value == pytest.approx(
        sklearn_metrics.recall_score(labels, above)
    )
    assert point.metrics["recall"].n_slices == labels.sum()
    tn, fp, fn, tp = sklearn_metrics.confusion_matrix(labels, above).ravel()
    found = point.confusion
    assert (found.true_negative, found.false_positive) == (tn, fp)
    assert (found.false_negative, found.true_positive) == (fn, tp)


def test_missing_threshold_leaves_the_tuned_point_unassessed(simulate):
    """Without a threshold there are reasons and no counts."""
    table = simulate(threshold_probability=np.nan).table

    point = measure_tuned(table, _draws(table))

    assert point.confusion is None
    assert point.thresholds == ()
    assert all(
        each.reason == "144 of 144 slices have no threshold" for each in point.metrics
    )


def test_subgroups_hold_their_own_slices(simulate):
    """Three sites of four patients, in alphabetical order; a missing one is left out."""
    table = simulate(sites=3).table
    table.loc[table["patient_id"] == "patient-000", "site"] = None

    sites = measure_subgroups(table, "site", SPEC, grouping="patient")

    assert [(each.name, each.n_patients, each.n_slices) for each in sites] == [
        ("site-0", 3, 36),
        ("site-1", 4, 48),
        ("site-2", 4, 48),
    ]
    own = table[table["site"] == "site-1"]
    assert sites[1].ranking["auroc"].value == pytest.approx(
        sklearn_metrics.roc_auc_score(own["label"], own["tumor_probability"])
    )
    assert sites[1].ranking["auroc"].resampled == "patients"
