"""Hits and false positives of patients."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.decisions import ranked_decision, tuned_decision
from tumorscope.evaluation.patient_figures import exact_interval, measure_patients

SPEC = EvaluateSpec(bootstrap_draws=300)


def _measure(patients, labels, scores, *, threshold=0.5, spec=SPEC, known=True):
    table = pd.DataFrame(
        {
            "label": labels,
            "patient_id": patients if known else None,
            "tumor_probability": np.asarray(scores, dtype=float),
            "threshold_probability": threshold,
        }
    )
    group = pd.Series(patients, dtype="str")
    site = pd.Series([None] * len(group), dtype="str")
    draws = draw_patients(group, site, spec, grouping="patient")
    return measure_patients(table, tuned_decision(table, draws), draws), table, draws


def test_patients_are_counted_by_hand():
    """a: hit, 0 false; b: missed, 2 false; c: no tumor, 1 false; d: hit, no free slice."""
    found, _, _ = _measure(
        list("aaabbbbccddd"),
        [1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1],
        [0.9, 0.1, 0.2, 0.5, 0.6, 0.7, 0.1, 0.8, 0.3, 0.1, 0.1, 0.6],
    )

    assert found.n_hit == 2
    assert found.hit.value == pytest.approx(2 / 3)
    assert found.hit.n_patients == 3
    assert found.false_positives.value == 1  # of 0, 2 and 1
    assert found.without_false_positive.value == pytest.approx(1 / 3)
    assert found.without_false_positive.n_patients == 3


def test_all_of_45_patients_hit_proves_92_percent():
    """The exact bounds that are known: 45/45 gives 92.1 %, 110/110 gives 96.7 %."""
    assert exact_interval(45, 45, level=0.95)[0] == pytest.approx(0.921, abs=5e-4)
    assert exact_interval(110, 110, level=0.95)[0] == pytest.approx(0.967, abs=5e-4)
    assert exact_interval(0, 10, level=0.95) == pytest.approx((0, 0.3085), abs=1e-4)
    assert exact_interval(5, 10, level=0.95) == pytest.approx(
        (0.1871, 0.8129), abs=1e-4
    )

    found, _, _ = _measure(np.repeat(np.arange(45), 2), [1, 0] * 45, [0.9, 0.1] * 45)
    assert found.hit.low == pytest.approx(0.921, abs=5e-4)
    assert found.hit.high == 1


def test_every_draw_counts_its_own_patients_at_its_own_cut():
    """Median and share equal those of a table of copied patients with its own t95."""
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(8), 15)
    labels = np.tile([0, 0, 1], 40)
    scores = np.round(labels + rng.normal(size=8)[patients] + rng.normal(size=120), 1)
    _, table, draws = _measure(patients, labels, scores)
    decision = ranked_decision(labels, scores, draws)

    found = measure_patients(table, decision, draws)

    medians, shares = [], []
    for row, counts in enumerate(draws.counts):
        above = (labels == 0) & (scores > decision.cuts[row])
        numbers = [above[patients == patient].sum() for patient in range(8)]
        copied = np.repeat(numbers, counts.astype(int))
        medians.append(np.median(copied))
        shares.append((copied == 0).mean())
    assert found.false_positives.value == medians[0]
    assert found.without_false_positive.value == pytest.approx(shares[0])
    assert found.false_positives.low >= min(medians)
    assert found.false_positives.high <= max(medians)
    assert (
        found.without_false_positive.low < shares[0] < found.without_false_positive.high
    )


def test_without_patient_ids_nothing_is_called_a_patient():
    """Near-duplicate groups are no patients: each figure gives the reason."""
    found, _, _ = _measure(list("abc"), [1, 0, 1], [0.9, 0.1, 0.2], known=False)

    reasons = {
        figure.reason
        for figure in (found.hit, found.false_positives, found.without_false_positive)
    }
    assert reasons == {"no `patient_id`"}


@pytest.mark.parametrize(
    ("label", "hit", "free"),
    [(1, "", "no tumor-free slice"), (0, "no tumor slice", "")],
)
def test_one_class_leaves_the_figures_of_the_other(label, hit, free):
    """Without tumor slices false positives still count, and the other way round."""
    found, _, _ = _measure(list("aabb"), [label] * 4, [0.9, 0.1, 0.9, 0.1])

    assert found.hit.reason == hit
    assert found.false_positives.reason == free
    assert found.without_false_positive.reason == free
