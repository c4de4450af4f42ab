"""Tests of the pre-listed figures against hand-made numbers and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.bootstrap import summarize
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.metric_family import FAMILY, sample_family
from tumorscope.evaluation.run_comparison import COMPARED

LABELS = np.array([0, 0, 1, 1, 0, 1, 0, 1])
SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.6, 0.3])


def family(names=tuple(FAMILY), **columns):
    known = {
        "label": LABELS,
        "tumor_probability": SCORES,
        "threshold_probability": 0.38,
        "patient_id": ["a"] * 4 + ["b"] * 4,
        "group": ["a"] * 4 + ["b"] * 4,
        "site": None,
        "slice_index": [0, 1, 2, 3] * 2,
        "slice_count": 4,
    }
    table = pd.DataFrame(known | columns)
    spec = EvaluateSpec(bootstrap_draws=100)
    draws = draw_patients(table["group"], table["site"], spec, grouping="patient")
    return summarize(sample_family(table, draws, names), draws)


def test_figures_are_those_of_scikit_learn():
    """AUROC and Brier score can be computed again by anyone."""
    found = family()

    assert found["auroc"].value == pytest.approx(roc_auc_score(LABELS, SCORES))
    assert found["brier"].value == pytest.approx(brier_score_loss(LABELS, SCORES))


def test_tuned_figures_use_the_threshold_of_the_row():
    """Above 0.38 are two of four tumor slices and two of four tumor-free ones."""
    found = family()

    assert found["sensitivity"].value == 0.5
    assert found["specificity"].value == 0.5


def test_sensitivity_at_95_specificity_interpolates_the_quantile():
    """t95 of 0.1, 0.2, 0.4, 0.6 is 0.57: two of four tumor slices lie above."""
    assert np.quantile(SCORES[LABELS == 0], 0.95) == pytest.approx(0.57)

    assert family()["sensitivity_at_95_specificity"].value == 0.5


def test_patients_own_order_counts_within_patient():
    """Patient a: 3 of 4 pairs in order; patient b: 3 of 4."""
    assert family()["within_patient_auroc"].value == pytest.approx(0.75)


def test_calibration_error_of_scores_that_are_labels_is_zero():
    """Certain and right: nothing is missed."""
    assert family(tumor_probability=LABELS.astype(float))["ece"].value == 0


@pytest.mark.parametrize(
    ("column", "figure", "reason"),
    [
        ("slice_index", "position_matched_auroc", "no `slice_index`"),
        ("slice_index", "auroc_without_boundary", "no `patient_id` and `slice_index`"),
        ("patient_id", "within_patient_auroc", "no `patient_id`"),
        ("threshold_probability", "sensitivity", "8 of 8 slices have no threshold"),
    ],
)
def test_a_missing_column_is_named(column, figure, reason):
    """What cannot be assessed says which column is missing."""
    found = family([figure], **{column: [None] * 8 if column != "slice_count" else 0})

    assert reason in found[figure].reason


def test_one_class_has_a_brier_score_and_no_auroc():
    """Degenerate labels blank the figures that need both classes, and no others."""
    found = family(label=np.zeros(8, dtype=int))

    assert found["auroc"].reason == "slices of both classes are needed"
    assert found["sensitivity"].reason
    assert found["sensitivity_at_95_specificity"].reason
    assert found["brier"].value == pytest.approx(np.mean(SCORES**2))


def test_every_figure_has_words():
    """A page can name and define whatever is averaged or compared."""
    assert set(COMPARED) <= set(FAMILY)
    assert all(words.label and words.definition for words in FAMILY.values())
    assert all(0 < len(words.short) <= 22 for words in FAMILY.values())
