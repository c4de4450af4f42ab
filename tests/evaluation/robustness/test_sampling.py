"""Figures of one corruption, by hand."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.estimation.bootstrap import summarize
from tumorscope.evaluation.robustness.sampling import (
    NO_NEW_ERROR,
    find_new_errors,
    sample_clean,
    sample_corruption,
)
from tumorscope.evaluation.robustness.scores import CorruptedScores

LABELS = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
CLEAN = np.array([0.9, 0.8, 0.7, 0.6, 0.45, 0.4, 0.3, 0.2, 0.1, 0.05])
BAD = np.array([0.9, 0.48, 0.1, 0.6, 0.45, 0.4, 0.55, 0.2, 0.1, 0.05])


@pytest.fixture
def table():
    return pd.DataFrame(
        {"group": list("aabbccddee"), "site": pd.array([None] * 10, dtype="str")}
    )


def figures(table, draws, labels, corrupted):
    clean = sample_clean(labels, CLEAN, draws(table), coverage=0.9)
    one = CorruptedScores(name="motion", severity=3, probabilities=corrupted)
    return (
        clean,
        one,
        summarize(list(sample_corruption(clean, one).values()), clean.draws),
    )


def test_figures_by_hand(table, draws):
    """Every figure of ten slices, counted on paper."""
    clean, one, found = figures(table, draws, LABELS, BAD)

    # Nine of ten are decided: the cut is the ninth highest confidence, max(p, 1 - p).
    assert clean.confidence_cut == pytest.approx(0.6)
    # t95 of six tumor-free slices: 0.4 + 0.75 * 0.05.
    assert clean.decision.cuts[0] == pytest.approx(0.4375)
    # Pairs in the wrong order: 0.48 < 0.55, and 0.1 below 0.45, 0.4, 0.55, 0.2, tied once.
    assert found["auroc_drop"].value == pytest.approx(5.5 / 24)
    assert found["sensitivity_lost"].value == pytest.approx(1 / 4)
    assert found["false_positives_gained"].value == pytest.approx(1 / 6)
    assert found["error"].value == pytest.approx(3 / 10)
    assert found["new_errors"].value == pytest.approx(3 / 10)
    # Of 0.48, 0.1 and 0.55 the confidences are 0.52, 0.9 and 0.55: two are below 0.6.
    assert found["new_errors_abstained"].value == pytest.approx(2 / 3)
    assert find_new_errors(clean, one).is_new.nonzero()[0].tolist() == [1, 2, 6]


def test_the_same_scores_lose_nothing(table, draws):
    """A corruption that changes nothing has drops of exactly 0, and no new error."""
    _, _, found = figures(table, draws, LABELS, CLEAN)

    for name in ("auroc_drop", "sensitivity_lost", "false_positives_gained"):
        assert (found[name].value, found[name].low, found[name].high) == (0, 0, 0)
    assert found["new_errors"].value == 0
    assert found["new_errors_abstained"].reason == NO_NEW_ERROR


def test_one_class_has_reasons_instead_of_numbers(table, draws):
    """Without tumor slices AUROC and sensitivity cannot be assessed; errors can."""
    _, _, found = figures(table, draws, np.zeros(10, dtype=int), BAD)

    assert found["auroc_drop"].reason
    assert found["sensitivity_lost"].reason
    assert found["error"].value == pytest.approx(3 / 10)


def test_one_patient_has_no_interval(table, draws):
    """An interval needs two patients, and says so."""
    _, _, found = figures(table.assign(group="a"), draws, LABELS, BAD)

    assert "at least two patients" in found["auroc_drop"].reason
