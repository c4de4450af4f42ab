"""Tests of hits and false positives of patients, averaged over repeats."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.decisions import Decision
from tumorscope.evaluation.patient_figures import exact_interval
from tumorscope.evaluation.protocol_patients import (
    average_patients,
    sample_false_positives,
)

LABELS = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]
PATIENTS = list("aaaabbbccc")


@pytest.fixture
def table():
    """Return ten slices of three patients."""
    return pd.DataFrame({"label": LABELS, "patient_id": PATIENTS})


@pytest.fixture
def draws():
    """Return draws of the three patients."""
    groups, sites = pd.Series(PATIENTS), pd.Series([None] * 10, dtype="str")
    spec = EvaluateSpec(bootstrap_draws=100)
    return draw_patients(groups, sites, spec, grouping="patient")


def decide(margins, draws, reason=""):
    return Decision(
        name="tuned",
        margins=np.array(margins, dtype=float),
        cuts=np.zeros(len(draws.counts)),
        reason=reason,
    )


def test_false_positives_are_counted_by_patient(table, draws):
    """By hand: patients have 2, 0 and 1 tumor-free slices above: median 1, one clean."""
    decision = decide([1, 1, -1, 1, -1, -1, 1, 1, -1, -1], draws)

    median, clean = sample_false_positives(table, decision, draws)

    assert (median.values[0], clean.values[0]) == (1, pytest.approx(1 / 3))
    by_patient = np.array([2.0, 0.0, 1.0])
    for counts, found, share in zip(
        draws.counts[:20], median.values, clean.values, strict=False
    ):
        repeated = np.repeat(by_patient, counts.astype(int))
        assert found == np.median(repeated)
        assert share == pytest.approx((repeated == 0).mean())


def test_hits_that_differ_between_repeats_have_the_wider_exact_interval(table, draws):
    """Two and three of three patients hit: 0.83, from the bound of 2 to that of 3."""
    two = decide([-1] * 3 + [1] + [-1] * 2 + [1] + [-1] * 3, draws)
    three = decide([-1] * 3 + [1] + [-1] * 2 + [1] + [-1, 1, -1], draws)

    found = average_patients([table, table], [two, three], draws)

    assert found.n_hit == (2, 3)
    assert found.hit.value == pytest.approx(2.5 / 3)
    assert found.hit.low == exact_interval(2, 3, level=0.95)[0]
    assert found.hit.high == exact_interval(3, 3, level=0.95)[1]
    assert found.hit.n_patients == 3


def test_a_decision_that_one_repeat_lacks_is_not_averaged(table, draws):
    """Thresholds unknown in one repeat: the reason, not the other repeat's figure."""
    known, unknown = decide([1] * 10, draws), decide([1] * 10, draws, "no threshold")

    found = average_patients([table, table], [known, unknown], draws)

    assert found.n_hit == ()
    assert found.hit.reason == "no threshold"
    assert found.false_positives.reason == "no threshold"
